"""A sentence model as torch traced it: as quick as the library, and ready in a second, not in five."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from kb_contract.sentence_models.model_files import ModelFiles
from kb_contract.sentence_models.token_batches import TokenBatches, Tokens
from kb_contract.sentence_models.torch_model import set_library_switches
from kb_contract.sentence_models.vectors import Vectors
from kb_contract.sentence_models.word_vectors import WordVectors

# What a core's caches take best.
TOKENS_IN_A_BATCH: Final = 1024


@dataclass(frozen=True)
class TracedModel:
    """Loads at the first text: a second of a processor, and neither transformers nor its friends."""

    files: ModelFiles
    graph: Path
    max_tokens: int
    threads: int = 1

    @property
    def runs_on(self) -> str:
        return "torch bfloat16"

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._batches.embed(texts, self._run)

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        return self._batches.read(texts, self._run)

    def _run(self, tokens: Tokens, mask: Tokens) -> tuple[Any, Any]:
        torch, graph = self._loaded
        with torch.inference_mode():
            rows, words = graph(torch.from_numpy(tokens), torch.from_numpy(mask))
            return rows.float().numpy(), words.float().numpy()

    @cached_property
    def _batches(self) -> TokenBatches:
        return TokenBatches(self.files, self.max_tokens, TOKENS_IN_A_BATCH)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        set_library_switches()
        import torch as untyped  # noqa: PLC0415 - a second, so not before there is work

        torch: Any = untyped
        torch.set_num_threads(self.threads)
        with warnings.catch_warnings():
            # It recommends torch.export, whose graphs take seconds of imports again.
            warnings.simplefilter("ignore", DeprecationWarning)
            return torch, torch.jit.load(str(self.graph))
