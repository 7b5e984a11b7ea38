"""Asks a provider for vectors as its chat models are asked: with a row in the books, and a breaker."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, Final

import numpy as np

from kb_contract.chat_models.books import Books
from kb_contract.chat_models.breaker import BreakerChange
from kb_contract.chat_models.failures import ProviderFailure
from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.paid_request import Asked, Paid, PaidRequests
from kb_contract.chat_models.prices import Count, is_likely, most_told
from kb_contract.chat_models.profiles import Deployment, Profile
from kb_contract.chat_models.switchboard import Switchboard
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.errors import BadSetting
from kb_contract.provider_embeddings.deployments import price_of
from kb_contract.provider_embeddings.patience import Patience
from kb_contract.provider_embeddings.purposes import Purpose, in_words, said_of
from kb_contract.provider_embeddings.spaces import (
    is_shortened,
    most_tokens,
    texts_in_a_request,
)
from kb_contract.provider_embeddings.tokens import beginning, usual_counter
from kb_contract.sentence_models.vectors import Vectors, unit_rows

REQUESTS_AT_ONCE: Final = 4


@dataclass(frozen=True)
class EmbeddingProvider:
    """Makes vectors by the model that litellm knows under its name; belongs to one event loop."""

    model: Deployment
    space: EmbeddingSpace
    books: Books
    patience: Patience
    tell: Callable[[BreakerChange], None] = lambda _change: None
    """Hears how the model is."""
    board: Switchboard = field(init=False)
    _room: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(REQUESTS_AT_ONCE), init=False, repr=False
    )

    def __post_init__(self) -> None:
        board = Switchboard(Profile(primary={"standard": self.model}), self.tell)
        object.__setattr__(self, "board", board)

    async def embed(self, texts: Sequence[str], purpose: Purpose) -> Vectors:
        """Return one row per text, of length 1; a few requests side by side."""
        if not texts:
            return np.empty((0, self.space.dimension), dtype=np.float32)
        size = texts_in_a_request(self.space.model)
        some = [texts[at : at + size] for at in range(0, len(texts), size)]
        asking = [asyncio.ensure_future(self._patiently(one, purpose)) for one in some]
        try:
            rows = await asyncio.gather(*asking)
        finally:
            # Where one failed, nobody wants the others any more.
            for one in asking:
                one.cancel()
        return unit_rows(np.asarray(list(chain.from_iterable(rows)), dtype=np.float64))

    async def _patiently(self, texts: Sequence[str], purpose: Purpose) -> list[list[float]]:
        async with self._room:
            rows = await self.patience.ask(self.model.model, partial(self._request, texts, purpose))
        if wrong := {len(one) for one in rows} - {self.space.dimension}:
            much = min(wrong)
            raise BadSetting(
                f"a vector of {self.model.model} has {much} numbers, not {self.space.dimension}",
                where="EMBEDDING_DIMENSION", cure=f"set it to {much}",
            )  # fmt: skip
        return rows

    async def _request(self, texts: Sequence[str], purpose: Purpose) -> list[list[float]]:
        usual = await asyncio.to_thread(self._usual, texts)
        asked = Asked(
            self._paid(usual), self._paid(most_told(usual, 0).prompt),
            ask=partial(self._asked, texts, purpose),
            read=lambda answer: _rows(answer, len(texts)),
            took=lambda answer: self._took(answer, usual),
        )  # fmt: skip
        return await PaidRequests(self.model, self.books, self.board).send(asked)

    async def _asked(self, texts: Sequence[str], purpose: Purpose) -> Any:
        one, space, most = self.model, self.space, most_tokens(self.space.model)
        return await litellm().aembedding(
            model=one.model,
            input=[in_words(beginning(text, most)) for text in texts],
            timeout=one.timeout,
            # `Patience` is the one that asks again.
            max_retries=0,
            num_retries=0,
            **({"api_base": one.api_base} if one.api_base else {}),
            **({"api_key": one.api_key.get_secret_value()} if one.api_key else {}),
            **({"dimensions": space.dimension} if is_shortened(space) else {}),
            **said_of(one.model, purpose),
        )

    def _usual(self, texts: Sequence[str]) -> int:
        count, most = usual_counter(), most_tokens(self.space.model)
        return sum(min(count(text), most) for text in texts)

    def _took(self, answer: Any, usual: int) -> Paid:
        told = getattr(getattr(answer, "usage", None), "prompt_tokens", None)
        if type(told) is int and is_likely(told, usual):
            return self._paid(told, "provider")
        return self._paid(usual)

    def _paid(self, tokens: int, source: Any = "estimated") -> Paid:
        price = price_of(self.space.model, self.model) or 0.0
        return Paid(Count(tokens, 0, source=source), tokens * price)


def _rows(answer: Any, many: int) -> list[list[float]]:
    """Read a vector for each text, whatever order they come in."""
    found: dict[int, list[float]] = {}
    said: list[Any] = answer.data or []
    try:
        for place, one in enumerate(said):
            at = one["index"] if one.get("index") is not None else place
            found[range(many)[at]] = [float(number) for number in one["embedding"]]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ProviderFailure("not_whole", "the vectors are not those of the texts") from error
    if len(found) != many or not np.isfinite(list(chain.from_iterable(found.values()))).all():
        raise ProviderFailure("not_whole", f"{many} texts gave {len(found)} vectors, or no numbers")
    return [found[at] for at in range(many)]
