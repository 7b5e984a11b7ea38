"""How long a provider of vectors is asked again, and what is said when that was in vain."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from kb_contract.chat_models.books import BudgetSpent
from kb_contract.chat_models.failures import ProviderFailure
from kb_contract.chat_models.paid_request import NotAsked
from kb_contract.errors import BadInput, BadSetting, BadVector, ScriptoriumError, Unavailable

Answer = TypeVar("Answer")
_MAY_PASS: Final = frozenset({"busy", "down", "late"})


@dataclass(frozen=True)
class Patience:
    """Waits as long as the provider says, up to a limit, else longer each time."""

    tries: int
    longest: float
    """Seconds between two of them."""
    in_all: float
    """Seconds, with those in which nobody may ask or a budget has no room for a moment."""
    unasked: float = 600.0
    """Seconds that are waited at a time while the breaker lets nobody ask."""

    async def ask(self, model: str, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until it answers; what it says in vain becomes what a person can act upon."""
        asking = _Asking(self)
        again = AsyncRetrying(
            retry=retry_if_exception(self._may_pass),
            before=asking.begins,
            stop=asking.is_over,
            wait=asking.wait,
            reraise=True,
        )
        try:
            return await again(request)
        except ProviderFailure as failure:
            raise _told(failure, model) from failure
        except BudgetSpent as spent:
            if spent.momentary:
                raise
            raise BadSetting(spent.what, where=spent.where, cure=spent.cure) from spent

    def _may_pass(self, error: BaseException) -> bool:
        if isinstance(error, NotAsked):
            return (error.rest or 0.0) <= self.unasked
        if isinstance(error, ProviderFailure):
            return error.kind in _MAY_PASS and (error.rest or 0.0) <= self.longest
        return isinstance(error, BudgetSpent) and error.momentary


@dataclass
class _Asking:
    """One of them, as it goes."""

    patience: Patience
    tries: int = 0
    """Without those that did not come to be asked."""

    def begins(self, state: RetryCallState) -> None:
        del state
        self.tries += 1

    def is_over(self, state: RetryCallState) -> bool:
        if isinstance(_error(state), NotAsked | BudgetSpent):
            self.tries -= 1
        until = (state.seconds_since_start or 0.0) + state.upcoming_sleep
        return until > self.patience.in_all or self.tries >= self.patience.tries

    def wait(self, state: RetryCallState) -> float:
        error, longest = _error(state), self.patience.longest
        if isinstance(error, ProviderFailure) and error.rest is not None:
            return error.rest
        first = longest / 2 ** max(self.patience.tries - 2, 0)
        return random.uniform(0.5, 1) * min(longest, first * 2 ** max(self.tries - 1, 0))  # noqa: S311


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _told(failure: ProviderFailure, model: str) -> ScriptoriumError:
    if failure.kind == "refused_us":
        return BadSetting(
            f"the provider of {model} refuses us ({failure.what})", where="EMBEDDING_MODEL",
            cure="look at its key and at the model's name: docs/models.md",
        )  # fmt: skip
    if failure.kind == "refused_this":
        return BadInput(
            f"the provider of {model} does not take this ({failure.what})", where="EMBEDDING_MODEL",
            cure="see its log line: it says what the provider objects to",
        )  # fmt: skip
    if failure.kind == "not_whole":
        return BadVector(f"the provider of {model}: {failure.what}")
    return Unavailable(
        f"the provider of {model} does not answer ({failure.what})", where="EMBEDDING_MODEL",
        cure="try again later; `kb cost` and GET /health say how it is",
    )  # fmt: skip
