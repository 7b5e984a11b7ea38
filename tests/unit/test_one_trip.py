"""What is asked at once travels together; each gets its own answer, and nobody pays for another's fault."""

import asyncio
from collections.abc import Sequence

import pytest

from graph.gateways.one_trip import OneTrip


class Doubling:
    """Doubles numbers; stands still while its gate is closed, and refuses 13."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def go(self, numbers: Sequence[int]) -> Sequence[int]:
        self.asked.append(list(numbers))
        await self.gate.wait()
        if 13 in numbers:
            raise ValueError("13")
        return [2 * one for one in numbers]


async def test_what_is_asked_in_one_turn_is_one_trip() -> None:
    place = Doubling()
    trip = OneTrip(place.go)
    assert await asyncio.gather(*(trip.ask(one) for one in range(8))) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert place.asked == [list(range(8))]
    assert await trip.ask(4) == 8


async def test_who_comes_while_a_trip_is_under_way_takes_the_next_one() -> None:
    place = Doubling()
    trip = OneTrip(place.go, most=3)
    place.gate.clear()
    first = asyncio.create_task(trip.ask(1))
    while not place.asked:
        await asyncio.sleep(0)
    later = [asyncio.create_task(trip.ask(one)) for one in (2, 3, 4, 5)]
    await asyncio.sleep(0)
    place.gate.set()
    assert await asyncio.gather(first, *later) == [2, 4, 6, 8, 10]
    assert place.asked == [[1], [2, 3, 4], [5]]


async def test_a_fault_is_told_to_whom_it_belongs() -> None:
    trip = OneTrip(Doubling().go)
    answers = await asyncio.gather(*(trip.ask(one) for one in (1, 13, 3)), return_exceptions=True)
    assert (answers[0], answers[2]) == (2, 6)
    assert isinstance(answers[1], ValueError)
    with pytest.raises(ValueError, match="13"):
        await trip.ask(13)


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    place = Doubling()
    trip = OneTrip(place.go)
    place.gate.clear()
    impatient, patient = asyncio.create_task(trip.ask(1)), asyncio.create_task(trip.ask(2))
    while not place.asked:
        await asyncio.sleep(0)
    impatient.cancel()
    place.gate.set()
    assert await patient == 4
    with pytest.raises(asyncio.CancelledError):
        await impatient
