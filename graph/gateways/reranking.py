"""Passages in a better order by a model that reads question and passage together, if it is in time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

import structlog

from kb_contract.chat_models.books import BudgetSpent
from kb_contract.errors import BadSetting
from kb_contract.ranking import Ranked
from kb_contract.sentence_models.torch_model import set_library_switches

BLEND: Final = "blend"
LATE: Final = "blend (the reranker was late)"
FAILED: Final = "blend (the reranker failed)"
RESTING: Final = "blend (the reranker rests)"
NOT_THERE: Final = "blend (the reranker is not there)"
SPENT: Final = "blend (a budget is spent)"
READ: Final = 30
"""So many are read; the others keep their places behind them."""
REST_SECONDS: Final = 30.0
_log = structlog.get_logger()


class PairScorer(Protocol):
    """Says how well each text answers the question; more is better."""

    async def score(self, question: str, texts: Sequence[str]) -> Sequence[float]: ...


@dataclass
class Reranking:
    """Keeps a budget: who is late or fails is not asked again for a while, and that is said.

    A model that is not there is not asked for again: it takes another setting, and so another process.
    """

    scorer: PairScorer
    name: str
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _rests_until: float = field(default=float("-inf"), init=False)
    _is_there: bool = field(default=True, init=False)

    async def order(
        self, question: str, found: list[Ranked], text: Callable[[Ranked], str]
    ) -> tuple[list[Ranked], str]:
        """Return the passages in order, and by what they were ordered."""
        if not self._is_there:
            return found, NOT_THERE
        if self.clock() < self._rests_until:
            return found, RESTING
        read, rest = found[:READ], found[READ:]
        try:
            async with asyncio.timeout(self.seconds):
                scores = await self.scorer.score(question, [text(one) for one in read])
            order = sorted(zip(scores, read, strict=True), key=lambda one: -one[0])
        except BudgetSpent:
            return found, SPENT  # the books said so already, and there may be room for the next
        except TimeoutError:
            return self._without(found, LATE, f"took longer than {self.seconds} s")
        except BadSetting as error:
            return self._for_good(found, error)
        except Exception as error:  # noqa: BLE001 - models and providers fail in ways of their own
            return self._without(found, FAILED, f"{type(error).__name__}: {error}"[:300])
        return [one for _, one in order] + rest, self.name

    def _without(self, found: list[Ranked], by: str, why: str) -> tuple[list[Ranked], str]:
        self._rests_until = self.clock() + REST_SECONDS
        _log.warning("reranker.off", model=self.name, reason=why, seconds=REST_SECONDS)
        return found, by

    def _for_good(self, found: list[Ranked], error: BadSetting) -> tuple[list[Ranked], str]:
        if self._is_there:
            _log.warning("reranker.not_there", model=self.name, reason=str(error))
        self._is_there = False
        return found, NOT_THERE


@dataclass(frozen=True)
class CrossEncoderScorer:
    """A cross-encoder of sentence-transformers; loads at the first question, in a thread of its own."""

    model: str
    threads: int = 1

    async def score(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._scores, question, list(texts))

    def _scores(self, question: str, texts: list[str]) -> list[float]:
        pairs = [(question, text) for text in texts]
        found: Any = self._loaded.predict(pairs, show_progress_bar=False)
        return [float(one) for one in found]

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="reranker")

    @cached_property
    def _loaded(self) -> Any:
        set_library_switches()
        import torch  # noqa: PLC0415 - seconds, so not before there is work
        from sentence_transformers import CrossEncoder  # noqa: PLC0415 - same

        torch.set_num_threads(self.threads)
        try:
            return CrossEncoder(self.model, device="cpu", num_labels=1)
        except (OSError, ValueError) as error:
            raise BadSetting(
                f"{self.model!r} cannot be loaded: {str(error)[:200]}", where="RERANK_MODEL",
                cure="give a folder of a cross-encoder, put it into the hub's cache, or leave it empty",
            ) from error  # fmt: skip


def reranking_of(
    name: str, seconds: float, threads: int = 1, provider: PairScorer | None = None
) -> Reranking | None:
    """Make what the settings name, a provider's or one of our own; None where they name nothing."""
    if not name:
        return None
    return Reranking(provider or CrossEncoderScorer(name, threads), name, seconds)
