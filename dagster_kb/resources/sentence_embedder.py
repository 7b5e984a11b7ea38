"""The embedding model in this process: sentence-transformers on the CPU, loaded at first use."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dagster_kb.chunking.tokens import token_counter
from dagster_kb.resources.embedder import Vectors
from dagster_kb.resources.model_files import ModelFiles, find_model
from kb_contract.embedding_space import EmbeddingSpace

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Small batches are as fast as large ones on a CPU, and take less memory.
BATCH: Final = 8


@dataclass(frozen=True)
class SentenceEmbedder:
    """Makes vectors with a sentence-transformers model that is on this machine."""

    model: str
    threads: int = 1

    @cached_property
    def files(self) -> ModelFiles:
        return find_model(self.model)

    @property
    def space(self) -> EmbeddingSpace:
        return self._space

    @property
    def tokenizer(self) -> str:
        return self._tokenizer

    def count_tokens(self, text: str) -> int:
        return token_counter(self.files.folder)(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed; the library sorts by length itself, so that batches waste little."""
        vectors = np.asarray(
            self._loaded.encode(
                [f"{self.space.prefix}{text}" for text in texts],
                batch_size=BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
            ),
            dtype=np.float32,
        )
        # Half precision leaves lengths that are only nearly 1.
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    @cached_property
    def _space(self) -> EmbeddingSpace:
        return self.files.space()

    @cached_property
    def _tokenizer(self) -> str:
        rules = (self.files.folder / "tokenizer.json").read_bytes()
        return hashlib.sha256(rules).hexdigest()[:12]

    @cached_property
    def _loaded(self) -> "SentenceTransformer":
        _ = self.space  # refuses weights that are not the known ones
        # Libraries read these when they are imported.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # noqa: TID251 - a library's switch
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # noqa: TID251 - a library's switch
        import torch  # noqa: PLC0415 - seconds and 500 MB, so not before there is work
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - same
        from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415 - same

        disable_progress_bar()
        torch.set_num_threads(self.threads)
        kind = torch.bfloat16 if _has_bfloat16(torch) else torch.float32
        return SentenceTransformer(
            str(self.files.folder), device="cpu", model_kwargs={"dtype": kind}
        )


def _has_bfloat16(torch: Any) -> bool:
    """Whether this CPU computes in bfloat16; torch says it in private places only."""
    try:
        return bool(
            torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001 - there is no public question
            or torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001 - same
        )
    except AttributeError:
        return False
