"""How far a run is: told at each step, said every ten seconds; and what is foretold before."""

from typing import Any

import pytest

from dagster_kb.embedding.forecast import forecast_of
from dagster_kb.resources.progress import WorkProgress


class Watched:
    """A progress whose clock is set by hand, and all that it told and said."""

    def __init__(self, pieces: str, total: int, weight: int) -> None:
        self.now = 100.0
        self.told: list[tuple[int, int]] = []
        self.said: list[dict[str, Any]] = []
        self.progress = WorkProgress(
            "reading", pieces, total, weight, lambda done, all_: self.told.append((done, all_)),
            self._say, lambda: self.now,
        )  # fmt: skip

    def _say(self, event: str, **facts: Any) -> None:
        self.said.append({"event": event, **facts})

    def advance(self, seconds: float, pieces: int, weight: int, **more: Any) -> None:
        self.now += seconds
        self.progress.advance(pieces, weight, **more)


def test_progress_is_said_every_ten_seconds_with_what_is_left():
    seen = Watched("texts", 100, 1000)
    for _ in range(12):
        seen.advance(1, 2, 50)
    assert seen.told[-1] == (24, 100)
    assert seen.said == [
        {"event": "reading", "done": 20, "total": 100, "texts_per_second": 2.0, "minutes_left": 0.2}
    ]
    assert seen.progress.seconds == 12.0


def test_what_is_left_goes_by_weight_since_heavy_pieces_may_come_last():
    seen = Watched("files", 4, 4000)
    seen.advance(60, 3, 400)
    assert (seen.said[0]["files_per_second"], seen.said[0]["minutes_left"]) == (0.1, 9.0)


def test_the_end_is_not_said_for_a_line_of_its_own_tells_it():
    seen = Watched("points", 2, 2)
    seen.advance(60, 2, 2)
    assert (seen.told, seen.said) == ([(2, 2)], [])


def test_a_line_has_what_else_is_known():
    seen = Watched("passages", 9, 9)
    seen.advance(11, 1, 1, dollars=0.25)
    assert seen.said[0]["dollars"] == 0.25


@pytest.mark.parametrize(
    ("measured", "minutes", "source"), [(50.0, 1.0, "past runs"), (None, 2.0, "an assumption")]
)
def test_embedding_is_foretold_at_the_pace_of_past_runs(
    measured: float | None, minutes: float, source: str
):
    found = forecast_of(40, 3500, 3000, 90_000, 500, measured)
    assert (found.minutes, found.pace_from, found.money) == (minutes, source, 0.0)
    assert found.said.startswith(
        f"3,000 texts with 90,000 tokens: about {minutes:g} minutes ({measured or 25:g} texts/s"
    )
