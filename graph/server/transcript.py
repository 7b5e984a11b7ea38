"""Pure: what a session tells people, as typed lines in one order that never changes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

import orjson

from graph.server.database import Row

View = Literal["interleaved", "final"]
FINAL: Final = frozenset({"final", "error"})
PLACE: Final = ("seq", "run", "at", "type", "step", "agent", "lane")
Line = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """Which lines a reader wants."""

    view: View = "interleaved"
    lanes: Collection[str] = field(default_factory=frozenset[str])
    """Empty: all of them."""

    def wants(self, line: Mapping[str, Any]) -> bool:
        if self.view == "final" and line["type"] not in FINAL:
            return False
        return not self.lanes or line["lane"] in self.lanes


def line_of(row: Row) -> Line | None:
    """Make a line of a stored event; what a graph of somebody else wrote has no type of ours."""
    said: Any = orjson.loads(row["data"]) if row["data"] else {}
    if row["event"].split("|")[0] == "error":
        said = {"type": "error", "lane": "run", **_mapping(said)}
    said = _mapping(said)
    if not isinstance(said.get("type"), str):
        return None
    place = {
        "seq": row["seq"],
        "run": row["run_id"],
        "at": row["at"].isoformat(timespec="milliseconds"),
        "type": said["type"],
        "step": said.get("step"),
        "agent": said.get("agent"),
        "lane": said.get("lane") or "run",
    }
    return {**place, **{name: one for name, one in said.items() if name not in PLACE}}


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
