"""Pure: when each step of a run began and ended, as shares of the whole, for a chart of bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph.console.story import SHOWN_AS

Line = Mapping[str, Any]


@dataclass
class Bar:
    """One step; `left` and `width` are percents of the run."""

    step: str
    agent: str
    capability: str
    state: str = "running"
    began: float = 0.0
    ended: float | None = None
    left: float = 0.0
    width: float = 0.0
    error: str = ""

    @property
    def seconds(self) -> float | None:
        return None if self.ended is None else self.ended - self.began


@dataclass(frozen=True)
class Timeline:
    """All of a run's steps, and how long it took."""

    bars: list[Bar]
    seconds: float


def timeline_of(lines: Sequence[Line]) -> Timeline:
    """Read a run's own lines; a step that is not over goes on to the last of them."""
    if not lines:
        return Timeline([], 0.0)
    zero, bars = _moment(lines[0]), dict[str, Bar]()
    for line in lines:
        at = _moment(line) - zero
        if line["type"] == "step_started":
            bars[line["step"]] = Bar(line["step"], line["agent"], line["capability"], began=at)
        elif line["type"] in ("step_finished", "step_failed") and line["step"] in bars:
            bar = bars[line["step"]]
            bar.ended, bar.error = at, str(line.get("error") or "")
            bar.state = SHOWN_AS.get(str(line.get("status")), "failed")
    whole = max(_moment(lines[-1]) - zero, 0.001)
    for bar in bars.values():
        end = whole if bar.ended is None else bar.ended
        bar.left = round(100 * bar.began / whole, 2)
        bar.width = round(max(100 * (end - bar.began) / whole, 0.5), 2)
    return Timeline(list(bars.values()), whole)


def _moment(line: Line) -> float:
    return datetime.fromisoformat(line["at"]).timestamp()
