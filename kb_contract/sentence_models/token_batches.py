"""Texts as the tokens of a model, in batches of like length: padding is work for nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kb_contract.sentence_models.model_files import ModelFiles
from kb_contract.sentence_models.vectors import Vectors, unit_rows
from kb_contract.sentence_models.word_vectors import NO_WORDS, WordVectors, telling_pieces

Tokens = NDArray[np.int64]
Run = Callable[[Tokens, Tokens], tuple[NDArray[np.floating], NDArray[np.floating]]]
"""Ids and attention mask of a batch to its rows, and to those of all of its tokens."""
MOST_TEXTS: Final = 32


@dataclass(frozen=True)
class TokenBatches:
    """Cuts texts into tokens once, and gives a graph as many at a time as its caches hold."""

    files: ModelFiles
    max_tokens: int
    tokens_in_a_batch: int

    def embed(self, texts: Sequence[str], run: Run) -> Vectors:
        """Embed the longest first, and give the rows back in the order that the texts came."""
        return self._rows(texts, run, lambda _number, _encoding, _tokens: None)

    def read(self, texts: Sequence[str], run: Run) -> tuple[Vectors, list[WordVectors]]:
        """Embed, and take the vectors of each text's words along."""
        words = [NO_WORDS] * len(texts)

        def take(number: int, encoding: Any, tokens: NDArray[np.floating]) -> None:
            places, named = telling_pieces(encoding, texts[number])
            words[number] = WordVectors(named, unit_rows(tokens[places]))

        return self._rows(texts, run, take), words

    def _rows(
        self, texts: Sequence[str], run: Run, take: Callable[[int, Any, NDArray[np.floating]], None]
    ) -> Vectors:
        encoded = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda one: -len(encoded[one].ids))
        rows: NDArray[np.float32] | None = None
        for batch in self._parted(order, [len(one.ids) for one in encoded]):
            found, tokens = run(*self._padded([encoded[one].ids for one in batch]))
            if rows is None:
                rows = np.empty((len(texts), found.shape[1]), dtype=np.float32)
            rows[batch] = found
            for place, number in enumerate(batch):
                take(number, encoded[number], tokens[place])
        return unit_rows(rows if rows is not None else np.empty((0, 0), dtype=np.float32))

    def _parted(self, order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
        at = 0
        while at < len(order):
            fit = max(1, min(MOST_TEXTS, self.tokens_in_a_batch // max(1, lengths[order[at]])))
            yield list(order[at : at + fit])
            at += fit

    def _padded(self, ids: Sequence[Sequence[int]]) -> tuple[Tokens, Tokens]:
        shape = (len(ids), max(len(one) for one in ids))
        tokens, mask = np.full(shape, self._padding, dtype=np.int64), np.zeros(shape, np.int64)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        return tokens, mask

    @cached_property
    def _padding(self) -> int:
        names = (self._said_padding, "[PAD]", "<pad>")
        found = (self._tokenizer.token_to_id(one) for one in names if one)
        return next((one for one in found if one is not None), 0)

    @cached_property
    def _loaded(self) -> tuple[Any, str]:
        from tokenizers import Tokenizer  # noqa: PLC0415 - only those who embed pay

        tokenizer: Any = Tokenizer.from_file(str(self.files.tokenizer))
        padding: dict[str, Any] = tokenizer.padding or {}
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer, str(padding.get("pad_token", ""))

    @property
    def _tokenizer(self) -> Any:
        return self._loaded[0]

    @property
    def _said_padding(self) -> str:
        return self._loaded[1]
