"""Questions that are asked at once travel together, and each gets its own answer back."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

MOST: Final = 32
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(eq=False)
class OneTrip(Generic[Asked, Answer]):
    """Takes along what is asked in the same turn of the loop, and what comes while a trip is under way.

    Of one event loop. Nobody waits for company: the first trip leaves at once.
    """

    go: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]]
    most: int = MOST
    trips: int = field(default=0, init=False)
    _waiting: list[tuple[Asked, asyncio.Future[Answer]]] = field(
        default_factory=list[tuple[Asked, "asyncio.Future[Answer]"]], init=False
    )
    _under_way: asyncio.Task[None] | None = field(default=None, init=False)

    async def ask(self, asked: Asked) -> Answer:
        """Ask; who gives up waiting takes nothing from the others."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._travel())
        return await answer

    async def _travel(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
                await self._trip([one for one in some if not one[1].done()])
        finally:
            self._under_way = None

    async def _trip(self, some: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        if not some:
            return
        self.trips += 1
        try:
            answers = await self.go([asked for asked, _ in some])
            told = list(zip(some, answers, strict=True))
        except Exception as error:  # noqa: BLE001 - whoever asked is told, whatever it was
            await self._failed(some, error)
            return
        for (_, waiting), answer in told:
            if not waiting.done():
                waiting.set_result(answer)

    async def _failed(
        self, some: Sequence[tuple[Asked, asyncio.Future[Answer]]], error: Exception
    ) -> None:
        """Let each go alone: the fault may be that of one among them."""
        if len(some) > 1:
            await asyncio.gather(*(self._trip([one]) for one in some))
        elif not some[0][1].done():
            some[0][1].set_exception(error)


@dataclass(eq=False)
class TripsByLoop(Generic[Asked, Answer]):
    """One way for whoever asks: in each event loop its own `OneTrip`."""

    go: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]]
    _here: "WeakKeyDictionary[Any, OneTrip[Asked, Answer]]" = field(
        default_factory=WeakKeyDictionary[Any, OneTrip[Asked, Answer]], init=False, repr=False
    )

    async def ask(self, asked: Asked) -> Answer:
        trip = self._here.setdefault(asyncio.get_running_loop(), OneTrip(self.go))
        return await trip.ask(asked)
