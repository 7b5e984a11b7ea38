"""Events of a run that wait a moment, so that they are written together."""

import atexit
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import dagster as dg
from dagster import EventLogEntry

# Whoever looks from another process sees a run this much later; a kill -9 loses as much.
SECONDS: Final = 0.5
MOST: Final = 250
_NEWS: Final = frozenset(
    {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_UP_FOR_RETRY,
     dg.DagsterEventType.STEP_RESTARTED}
)  # fmt: skip

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


@dataclass
class WaitingEvents:
    """Keeps events in their order; what cannot be written goes on waiting, and nothing overtakes."""

    write: Callable[[Sequence[EventLogEntry]], None]
    _events: list[EventLogEntry] = field(default_factory=list[EventLogEntry], init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    _timer: threading.Timer | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        atexit.register(self.flush)

    def add(self, events: Sequence[EventLogEntry]) -> None:
        """Have events written soon; at once where somebody acts on them."""
        with self._lock:
            self._events.extend(events)
            if len(self._events) >= MOST or any(is_urgent(one) for one in events):
                self.flush()
            else:
                self._write_later()

    def flush(self) -> None:
        """Write all that waits; an error goes to whoever asked, and the events stay."""
        with self._lock:
            if not self._events:
                return
            try:
                self.write(tuple(self._events))
            except BaseException:
                self._write_later()
                raise
            self._events.clear()

    def close(self) -> None:
        """Write what waits, and be done."""
        atexit.unregister(self.flush)
        self.flush()

    def holds(self, kind: dg.DagsterEventType) -> bool:
        """Whether an event of this kind waits."""
        with self._lock:
            return any(one.dagster_event_type == kind for one in self._events)

    def _write_later(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(SECONDS, self._write_now)
            self._timer.daemon = True
            self._timer.start()

    def _write_now(self) -> None:
        with self._lock:
            self._timer = None
            try:
                self.flush()
            except Exception as error:  # noqa: BLE001 - nobody waits here; the next one who does is told
                said = str(getattr(error, "orig", None) or error).partition("\n")[0]
                _log.warning("%d events wait for Dagster's storage: %s", len(self._events), said)


@dataclass
class RecentAnswers:
    """What was asked a moment ago is not asked again: other processes are seen no sooner anyway."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _kept: dict[tuple[str, ...], tuple[float, Any]] = field(
        default_factory=dict[tuple[str, ...], tuple[float, Any]], init=False
    )
    _written: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def answer(self, question: tuple[str, ...], ask: Callable[[], Answer]) -> Answer:
        now = self.clock()
        with self._lock:
            at, kept = self._kept.get(question, (-math.inf, None))
            if now - at < self.seconds:
                return kept
            self._kept = {
                one: held for one, held in self._kept.items() if now - held[0] < self.seconds
            }
            before = self._written
        answer = ask()
        with self._lock:
            if before == self._written:  # no other thread wrote while this one asked
                self._kept[question] = (now, answer)
        return answer

    def forget(self, kind: str = "") -> None:
        """Something was written here, of that kind if any, which whoever asks here must see."""
        with self._lock:
            self._written += 1
            self._kept = {
                one: held for one, held in self._kept.items() if kind and one[0] != kind
            }  # fmt: skip


def is_urgent(event: EventLogEntry) -> bool:
    """Whether it says what became of a run or a step, or belongs to no run that goes on."""
    if not event.run_id:
        return True
    told = event.dagster_event
    return told is not None and (told.is_job_event or told.event_type in _NEWS)
