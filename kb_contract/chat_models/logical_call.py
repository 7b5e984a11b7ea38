"""One call as its caller sees it: at most two requests, one deadline, one answer or one error."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from kb_contract.chat_models.books import Books, BudgetSpent, NoRoom
from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.profiles import Tier
from kb_contract.chat_models.request import Answered, Request
from kb_contract.chat_models.switchboard import Admitted, Choice, Switchboard
from kb_contract.chat_models.written import Check, Heard, NoAnswer, Usage, Written
from kb_contract.errors import KnowledgeUnavailable

ATTEMPTS: Final = 2
BETWEEN_ATTEMPTS: Final = 0.3
SHORTEST_PAUSE: Final = 0.05
# A model that says "in two seconds" is waited for; nobody waits for an outage.
MOST_PATIENCE: Final = 5.0
# What may go of the time until others are done: who tries a model out, or holds a budget's room.
PATIENT_SHARE: Final = 0.5
# With less time than this nobody is asked any more.
LEAST_TO_ASK: Final = 1.0
# What the first of two may take of the time, so that the second has some.
FIRST_SHARE: Final = 0.6
# Looking for room locks balances, so who waits long looks less and less often.
BUDGET_LOOK: Final = 0.5
LONGEST_LOOK: Final = 4.0
LOOK_GROWS: Final = 1.5
# So long late books are waited for, also when the time is over.
BOOKS_AT_LEAST: Final = 0.5
BOOKS_AT_MOST: Final = 3.0
_CURE: Final = "see LLM_PROFILE, the provider's key, and the models in GET /health"


@dataclass
class LogicalCall:
    """Asks, asks once more, and says what came of it."""

    board: Switchboard
    books: Books
    system: str
    user: str
    tier: Tier
    ends: float
    """On the clock of the event loop."""
    check: Check
    heard: Heard | None
    spent: list[Usage] = field(default_factory=list[Usage], init=False)
    settling: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]], init=False)
    said: list[str] = field(default_factory=list[str], init=False)
    refused: int = field(default=0, init=False)
    """Requests that were refused for what they say, and cost nothing."""
    _patient_until: float = field(default=0.0, init=False)
    _look: float = field(default=BUDGET_LOOK, init=False)
    _told: NoRoom | None = field(default=None, init=False)

    async def in_time(self) -> Written:
        """Return the answer before its time ends, or raise `NoAnswer`; either is in the books by then."""
        try:
            written = await self._in_time()
        except NoAnswer:
            await self._in_the_books()
            raise
        await self._in_the_books()
        return written

    async def _in_time(self) -> Written:
        seconds = self._left()
        self._patient_until = self.ends - (1 - PATIENT_SHARE) * seconds
        try:
            async with asyncio.timeout_at(self.ends):
                await asyncio.to_thread(litellm)
                return await self.written()
        except TimeoutError as error:
            raise self.failed(f"no answer within {seconds:.3g} s") from error

    async def written(self) -> Written:
        """Return the answer, or raise `NoAnswer` with all that was wrong."""
        self.board.retries.called()
        self.board.repairs.called()
        last: Answered | None = None
        for left in range(ATTEMPTS - 1, -1, -1):
            paid = len(self.spent)
            last = await self._asked(await self._next(last), last, more_may_come=left > 0)
            self.refused += last.refuses and len(self.spent) == paid
            if not last.problem:
                self.spent[-1]["role"] = last.choice[0]
                return Written(last.text, tuple(self.spent))
            self.said.append(f"{last.choice[1].model}: {last.problem}")
            if self.heard is not None:
                self.heard(None)
            # The next one finds the room that this one did not take.
            await self._in_the_books()
        raise self.failed()

    def failed(self, *more: str) -> NoAnswer:
        """Say what went wrong."""
        what = "; ".join(dict.fromkeys([*self.said, *more])) or "no model answered"
        return NoAnswer(
            what[:1000], where="the chat model", cure=_CURE, usage=tuple(self.spent), refused=self.refused
        )  # fmt: skip

    async def _next(self, last: Answered | None) -> Admitted:
        """Choose whom to ask now."""
        among = self._candidates(last)
        if last is not None and not last.may_mend:
            if not among:
                raise self.failed()
            if not self.board.retries.take():
                raise self.failed("no second request, for too many failed lately")
            if among[0] == last.choice:
                await self._pause(BETWEEN_ATTEMPTS)
        elif last is not None and not last.failure and not self.board.repairs.take():
            raise self.failed("not asked to mend it, for too many answers needed that lately")
        found = await self._admitted(among)
        if found is None:
            raise self.failed(*(self._state(one) for one in among))
        return found

    async def _admitted(self, among: list[Choice]) -> Admitted | None:
        """Return whom to ask; waits for a model that may be asked in a moment, or a while for who tries it out."""
        while (found := self.board.first_admitted(among)) is None:
            wait = self.board.shortest_wait(self._worth_waiting_for(among))
            if wait > min(MOST_PATIENCE, self._left() - LEAST_TO_ASK):
                return None
            await self._pause(max(wait, SHORTEST_PAUSE))
        return found

    def _worth_waiting_for(self, among: list[Choice]) -> list[Choice]:
        """Leave out what is tried out already for too long: a call that hangs says nothing soon."""
        if self._is_patient():
            return among
        return [one for one in among if self.board.breaker(one[1]).state != "half_open"]

    def _candidates(self, last: Answered | None) -> list[Choice]:
        every = list(self.board.profile.in_order(self.tier))
        if last is None:
            return every
        others = [one for one in every if one[1].place != last.choice[1].place]
        if last.may_mend:
            return [last.choice, *others]
        return [*others, last.choice] if last.may_pass else others

    def _state(self, choice: Choice) -> str:
        breaker = self.board.breaker(choice[1])
        if breaker.state == "half_open":
            return f"{choice[1].model} is tried out by another call ({breaker.why})"
        return f"{choice[1].model} is not asked for {breaker.waits():.0f} s more ({breaker.why})"

    async def _asked(
        self, admitted: Admitted, last: Answered | None, *, more_may_come: bool
    ) -> Answered:
        user = self.user
        if last is not None and last.failure is None:
            user = f"{user}\n\nYour last answer could not be used: {last.problem}. Write it again."
        counted: dict[str, int] = {}
        while True:
            share = FIRST_SHARE if more_may_come else 1.0
            seconds = max(0.05, share * self._left() - 0.05)
            request = Request(
                self.board, self.books, admitted, self.tier, self.system, user, seconds,
                self.check, self.heard, self.spent, self.settling, counted, self._told,
                whole=last is not None and last.streams_nothing,
            )  # fmt: skip
            try:
                return await request.sent()
            except BudgetSpent as error:
                admitted = await self._within_budget(error, admitted.choice)
            except KnowledgeUnavailable as error:
                if last is None:
                    raise
                # Whoever asks would begin anew, and pay again for what was asked already.
                raise self.failed(f"no second request: {error.what}") from error

    async def _within_budget(self, error: BudgetSpent, choice: Choice) -> Admitted:
        """Find another way, as the budget wants it."""
        self._told = error.kind
        if error.over == "cheaper" and self.tier != "cheap":
            self.tier = "cheap"
            cheaper = self.board.first_admitted(self.board.profile.in_order("cheap"))
            if cheaper is not None:
                return cheaper
        if self._may_wait(error) and self._left() > 2 * BUDGET_LOOK:
            await self._pause(min(self._look, self._left() / 2))
            self._look = min(LONGEST_LOOK, LOOK_GROWS * self._look)
            again = self.board.first_admitted([choice])
            if again is not None:
                return again
        raise self.failed(error.what)

    async def _in_the_books(self) -> None:
        """Wait until it is written down what was paid, but not long: that goes on beside."""
        waiting = [one for one in self.settling if not one.done()]
        if waiting:
            await asyncio.wait(
                waiting, timeout=max(BOOKS_AT_LEAST, min(BOOKS_AT_MOST, self._left()))
            )

    def _may_wait(self, error: BudgetSpent) -> bool:
        """Whether it waits for room; where nothing says so, only for what others hold for a moment."""
        return error.over == "throttle" or (error.momentary and self._is_patient())

    def _is_patient(self) -> bool:
        return asyncio.get_running_loop().time() < self._patient_until

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, min(seconds, self._left())))

    def _left(self) -> float:
        return self.ends - asyncio.get_running_loop().time()
