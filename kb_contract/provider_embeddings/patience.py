"""How long a provider of vectors is asked again, and what is said when that was in vain."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from kb_contract.chat_models.books import BudgetSpent
from kb_contract.chat_models.failures import ProviderFailure
from kb_contract.errors import BadInput, BadSetting, BadVector, ScriptoriumError, Unavailable

Answer = TypeVar("Answer")
_MAY_PASS: Final = frozenset({"busy", "down", "late", "not_whole"})


@dataclass(frozen=True)
class Patience:
    """Waits as long as the provider says, up to a limit, else longer each time."""

    tries: int
    longest: float
    """Seconds between two of them."""

    async def ask(self, model: str, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until it answers; what it says in vain becomes what a person can act upon."""
        again = AsyncRetrying(
            retry=retry_if_exception(self._may_pass),
            stop=stop_after_attempt(self.tries),
            wait=self._wait,
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
        if isinstance(error, ProviderFailure):
            return error.kind in _MAY_PASS and (error.rest or 0.0) <= self.longest
        return isinstance(error, BudgetSpent) and error.momentary

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        said = error.rest if isinstance(error, ProviderFailure) else None
        usual = wait_random_exponential(multiplier=self.longest / 2**self.tries, max=self.longest)
        return usual(state) if said is None else said


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
