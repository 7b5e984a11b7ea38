"""Events of a run wait for each other, in order, and none is lost while storage is away."""

import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dagster as dg
import pytest
from dagster import EventLogEntry
from dagster._core.execution.plan.objects import StepFailureData

from kb.dagster_events import MOST, RecentAnswers, WaitingEvents


class Shelf:
    """Takes events while it is there."""

    def __init__(self) -> None:
        self.is_there = True
        self.taken: list[list[str]] = []
        self.came = threading.Event()

    def write(self, events: Sequence[EventLogEntry]) -> None:
        if not self.is_there:
            raise ConnectionError("storage is away")
        self.taken.append([one.user_message for one in events])
        self.came.set()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def waiting(shelf: Shelf) -> WaitingEvents:
    return WaitingEvents(shelf.write)


def said(text: str, kind: dg.DagsterEventType | None = None, run: str = "one") -> EventLogEntry:
    failed = kind == dg.DagsterEventType.STEP_FAILURE
    why = StepFailureData(error=None, user_failure_data=None) if failed else None
    told = dg.DagsterEvent(kind.value, "job", event_specific_data=why) if kind else None
    return EventLogEntry(
        error_info=None, level=20, user_message=text, run_id=run, timestamp=0.0, dagster_event=told
    )


def test_events_are_written_together_when_a_step_fails(shelf: Shelf, waiting: WaitingEvents):
    waiting.add([said("starts"), said("works")])
    assert shelf.taken == []
    waiting.add([said("fails", dg.DagsterEventType.STEP_FAILURE)])
    assert shelf.taken == [["starts", "works", "fails"]]


@pytest.mark.parametrize(
    "kind",
    [dg.DagsterEventType.RUN_START, dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE,
     dg.DagsterEventType.STEP_UP_FOR_RETRY],
)  # fmt: skip
def test_what_became_of_a_run_is_written_at_once(
    shelf: Shelf, waiting: WaitingEvents, kind: dg.DagsterEventType
):
    waiting.add([said("news", kind)])
    assert shelf.taken == [["news"]]


def test_an_event_of_no_run_is_written_at_once(shelf: Shelf, waiting: WaitingEvents):
    waiting.add([said("reported by hand", run="")])
    assert shelf.taken == [["reported by hand"]]


def test_the_last_events_are_written_though_nothing_follows(shelf: Shelf, waiting: WaitingEvents):
    waiting.add([said("a long step begins")])
    assert shelf.came.wait(30)
    assert shelf.taken == [["a long step begins"]]


def test_many_events_do_not_wait(shelf: Shelf, waiting: WaitingEvents):
    for number in range(MOST):
        waiting.add([said(str(number))])
    assert [len(one) for one in shelf.taken] == [MOST]


def test_nothing_is_lost_or_overtaken_while_storage_is_away(shelf: Shelf, waiting: WaitingEvents):
    shelf.is_there = False
    waiting.add([said("first")])
    with pytest.raises(ConnectionError):
        waiting.add([said("ended", dg.DagsterEventType.RUN_SUCCESS)])
    shelf.is_there = True
    assert shelf.came.wait(30)
    waiting.add([said("after", dg.DagsterEventType.RUN_SUCCESS)])
    assert [one for batch in shelf.taken for one in batch] == ["first", "ended", "after"]


def test_threads_lose_nothing(shelf: Shelf, waiting: WaitingEvents):
    def tell(name: str) -> None:
        for number in range(300):
            waiting.add([said(f"{name}{number}")])

    threads = [threading.Thread(target=tell, args=(name,)) for name in "abcd"]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    waiting.close()
    written = [one for batch in shelf.taken for one in batch]
    for name in "abcd":
        assert [one for one in written if one[0] == name] == [f"{name}{n}" for n in range(300)]


def test_what_was_asked_a_moment_ago_is_not_asked_again():
    clock = VirtualTime()
    asked: list[float] = []
    recent = RecentAnswers(0.5, clock)

    def ask() -> int:
        asked.append(clock.now)
        return len(asked)

    assert [recent.answer(("a",), ask) for _ in range(3)] == [1, 1, 1]
    assert recent.answer(("b",), ask) == 2
    clock.now += 0.6
    assert recent.answer(("a",), ask) == 3
    recent.forget()
    assert recent.answer(("a",), ask) == 4


@dataclass
class VirtualTime:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_written_of_one_kind_leaves_answers_of_another():
    recent = RecentAnswers(10.0, VirtualTime())
    told = iter(range(10))
    assert recent.answer(("agents", "all"), lambda: next(told)) == 0
    assert recent.answer(("news", "all"), lambda: next(told)) == 1
    recent.forget("news")
    assert recent.answer(("agents", "all"), lambda: next(told)) == 0
    assert recent.answer(("news", "all"), lambda: next(told)) == 2
    recent.forget()
    assert recent.answer(("agents", "all"), lambda: next(told)) == 3


def test_many_threads_ask_and_write_at_once(every_microsecond_another: None):
    recent = RecentAnswers(10.0, VirtualTime())

    def asks(thread: int) -> None:
        for number in range(300):
            assert recent.answer((f"{thread}", f"{number}"), lambda: thread) == thread
        recent.forget("news")

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(asks, range(6)))


@pytest.fixture
def every_microsecond_another() -> Iterator[None]:
    """Threads give way to each other as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
