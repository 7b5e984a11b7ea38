"""A sentence model that is one graph in a file: texts go through it in batches of like length."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from kb_contract.sentence_models.model_files import ModelFiles
from kb_contract.sentence_models.token_batches import TokenBatches, Tokens
from kb_contract.sentence_models.vectors import Vectors
from kb_contract.sentence_models.word_vectors import WordVectors


@dataclass(frozen=True)
class GraphModel(ABC):
    """Loads at the first text; a kind of it says how its graph is loaded and run."""

    files: ModelFiles
    graph: Path
    max_tokens: int
    threads: int = 1
    runs_on: ClassVar[str]
    tokens_in_a_batch: ClassVar[int]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts of like length together, and give them back in the order that they came."""
        return self._batches.embed(texts, self._run)

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        return self._batches.read(texts, self._run)

    @abstractmethod
    def _run(self, tokens: Tokens, mask: Tokens) -> tuple[Any, Any]: ...

    @cached_property
    def _batches(self) -> TokenBatches:
        return TokenBatches(self.files, self.max_tokens, self.tokens_in_a_batch)
