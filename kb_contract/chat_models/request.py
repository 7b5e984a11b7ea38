"""One request with all that belongs to it: its money, its breaker, its time, and its account."""

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from kb_contract.chat_models.answer_limit import AnswerLimit
from kb_contract.chat_models.books import Books, Bound, Held, NoRoom, Order, Outcome, Receipt
from kb_contract.chat_models.failures import ProviderFailure
from kb_contract.chat_models.holding import NOTHING, held_for, settled
from kb_contract.chat_models.prices import (
    Count,
    believed,
    beyond_belief,
    count_asked,
    dollars,
    most_told,
)
from kb_contract.chat_models.profiles import Deployment, Role, Tier
from kb_contract.chat_models.provider_call import ProviderCall
from kb_contract.chat_models.switchboard import Admitted, Choice, Switchboard
from kb_contract.chat_models.written import Check, Heard, Usage

log = structlog.get_logger(__name__)
_UNPAID: Final = frozenset({"busy", "refused_us", "refused_this", "down"})


@dataclass(frozen=True)
class Answered:
    """What came of a request: a text that can be used, one that cannot, or a failure."""

    choice: Choice
    text: str = ""
    problem: str = ""
    failure: ProviderFailure | None = None

    @property
    def may_mend(self) -> bool:
        """Whether the same model is the best to ask again: it works, only not as we asked."""
        return self.failure is None or self.streams_nothing

    @property
    def streams_nothing(self) -> bool:
        return self.failure is not None and not self.failure.streams

    @property
    def refuses(self) -> bool:
        """Whether it is this text that it does not take."""
        return self.failure is not None and self.failure.kind == "refused_this"

    @property
    def may_pass(self) -> bool:
        """Whether asking the same model the same again may help."""
        return self.failure is None or self.failure.kind not in {"refused_us", "refused_this"}


@dataclass(frozen=True)
class Request:
    """One request; `spent` gets a row for it, and `settling` what writes it down."""

    board: Switchboard
    books: Books
    admitted: Admitted
    tier: Tier
    system: str
    user: str
    seconds: float
    check: Check
    heard: Heard | None
    spent: list[Usage]
    settling: list[asyncio.Task[None]]
    counted: dict[str, int]
    """What this text is in a model's tokens: who waits for room does not count it anew."""
    told: NoRoom | None = None
    whole: bool = False
    """Ask for the answer at once, since nothing came piece by piece."""

    async def sent(self) -> Answered:
        """Hold the money, ask, and settle, however it ends."""
        messages = [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.user},
        ]
        order, held = await self._held(messages)
        call = ProviderCall(
            self._deployment,
            messages,
            self.heard or _nobody,
            partial(self.books.goes_out, held),
            AnswerLimit(self._deployment, order.bound.completion),
            stream=self._streams(),
        )
        began = asyncio.get_running_loop().time()
        try:
            answered = await self._answered(call)
        except BaseException:
            # Given up by whoever asked; the row is there already.
            self.admitted.turn.left_alone()
            self._settle(self._receipt(held, call, "abandoned", began, self._paid(call, order)))
            raise
        self._account(held, call, answered, began, order)
        return answered

    async def _held(self, messages: list[dict[str, str]]) -> tuple[Order, Held]:
        try:
            one = self._deployment
            if one.model not in self.counted:
                self.counted[one.model] = count_asked(one, messages)
            prompt = self.counted[one.model]
            order = order_for(one, self.tier, self._role, prompt, self.seconds)
            order = replace(order, told=self.told)
            return order, await held_for(order, self.books, self.board)
        except BaseException:
            self.admitted.turn.left_alone()
            raise

    async def _answered(self, call: ProviderCall) -> Answered:
        loop = asyncio.get_running_loop()
        began = loop.time()
        limit = min(self.seconds, self._deployment.timeout)
        turn, choice = self.admitted.turn, self.admitted.choice
        try:
            async with asyncio.timeout(limit):
                text = await call.answer()
        except TimeoutError:
            failure = ProviderFailure("late", f"no answer within {limit:.3g} s")
        except ProviderFailure as error:
            failure = error
        else:
            seconds = loop.time() - began
            if self.whole:
                self.board.whole_only.add(self._deployment.place)
            turn.answered(seconds, slow=seconds > self._deployment.slow_seconds)
            return Answered(choice, text, self.check(text))
        turn.ended_in(failure, loop.time() - began)
        return Answered(choice, "", failure.what, failure)

    def _account(
        self, held: Held, call: ProviderCall, answered: Answered, began: float, order: Order
    ) -> None:
        failure = answered.failure
        outcome: Outcome = "failed" if failure else "unusable" if answered.problem else "answered"
        free = not call.sent or (failure is not None and failure.kind in _UNPAID and not call.began)
        count = NOTHING if free else self._paid(call, order)
        problem = answered.problem or self._doubted(call, order)
        receipt = self._receipt(held, call, outcome, began, count, problem)
        if not free:
            self.spent.append(self._usage(receipt))
        self._settle(receipt)

    def _settle(self, receipt: Receipt) -> None:
        self.settling.append(settled(receipt, self.books, self.board))

    def _streams(self) -> bool:
        one = self._deployment
        return one.streams and not self.whole and one.place not in self.board.whole_only

    def _paid(self, call: ProviderCall, order: Order) -> Count:
        """Count what came, within what was held; a provider bills it whether or not we can use it."""
        if not call.sent:
            return NOTHING
        ours = Count(order.prompt_tokens, call.limit.of(call.text))
        most = Count(order.bound.prompt, order.bound.completion)
        return believed(call.told, ours, most)

    def _doubted(self, call: ProviderCall, order: Order) -> str:
        """Say so when a provider wants to be paid more than can be true: no cap holds for its bill."""
        doubt = beyond_belief(call.told, order.bound.prompt, order.bound.completion)
        if doubt:
            log.warning("a provider's account is not believed", model=order.model, what=doubt)
        return doubt

    def _receipt(
        self,
        held: Held,
        call: ProviderCall,
        outcome: Outcome,
        began: float,
        count: Count,
        problem: str = "",
    ) -> Receipt:
        seconds = asyncio.get_running_loop().time() - began
        paid = dollars(call.deployment, count)
        return Receipt(
            held, count, paid, outcome, round(seconds, 3), problem[:500], call.is_unread, call.first_word
        )  # fmt: skip

    def _usage(self, receipt: Receipt) -> Usage:
        return {
            "model": self._deployment.model,
            "prompt_tokens": receipt.count.prompt,
            "completion_tokens": receipt.count.completion,
            "cost": receipt.dollars,
            "source": receipt.count.source,
        }

    @property
    def _role(self) -> Role:
        return self.admitted.choice[0]

    @property
    def _deployment(self) -> Deployment:
        return self.admitted.choice[1]


def order_for(one: Deployment, tier: Tier, role: Role, prompt: int, seconds: float) -> Order:
    """Return what a request may take, by our count and at worst."""
    most = most_told(prompt, one.max_tokens)
    return Order(
        model=one.model,
        tier=tier,
        role=role,
        prompt_tokens=prompt,
        most_completion=one.max_tokens,
        prompt_dollars=dollars(one, Count(prompt, 0)),
        most_dollars=dollars(one, Count(prompt, one.max_tokens)),
        seconds=min(seconds, one.timeout),
        bound=Bound(most.prompt, most.completion, dollars(one, most)),
        unread_share=one.unread_share,
    )


def _nobody(_piece: str | None) -> None:
    """Hear nothing."""
