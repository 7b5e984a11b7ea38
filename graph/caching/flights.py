"""Who works on the same question in this process: the second waits for the first."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

LONGEST_FLIGHT: Final = 120.0
"""Seconds; whoever works longer than that is not waited for by anybody new."""


@dataclass
class _Flight:
    answer_id: str
    began: float
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Flights:
    """At most one computation of a question at a time; between processes there may be several."""

    patience: float
    clock: Callable[[], float]
    _by_key: dict[str, _Flight] = field(default_factory=dict[str, _Flight], init=False)
    _by_answer: dict[str, str] = field(default_factory=dict[str, str], init=False)

    async def joined(self, key: str, answer_id: str) -> bool:
        """Begin, or wait for whoever began; True when it is worth looking again."""
        flight = self._by_key.get(key)
        if flight is None or flight.answer_id == answer_id or self._is_late(flight):
            self._begin(key, answer_id)
            return False
        try:
            async with asyncio.timeout(self.patience):
                await flight.ended.wait()
        except TimeoutError:
            return False
        return True

    def _begin(self, key: str, answer_id: str) -> None:
        for late in [k for k, one in self._by_key.items() if self._is_late(one)]:
            self.end(self._by_key[late].answer_id)
        self._by_key[key] = _Flight(answer_id, self.clock())
        self._by_answer[answer_id] = key

    def _is_late(self, flight: _Flight) -> bool:
        return self.clock() - flight.began > LONGEST_FLIGHT

    def end(self, answer_id: str) -> None:
        """Wake those who wait; whether an answer was kept they see for themselves."""
        key = self._by_answer.pop(answer_id, None)
        flight = self._by_key.get(key or "")
        if key is not None and flight is not None and flight.answer_id == answer_id:
            del self._by_key[key]
            flight.ended.set()
