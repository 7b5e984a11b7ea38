"""A sentence model by sentence-transformers: quickest for many texts, slow to start."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from kb_contract.errors import BadSetting
from kb_contract.sentence_models.model_files import ModelFiles
from kb_contract.sentence_models.token_batches import TokenBatches, Tokens
from kb_contract.sentence_models.vectors import Vectors, unit_rows
from kb_contract.sentence_models.word_vectors import WordVectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Small batches are as fast as large ones on a CPU, and take less memory.
BATCH: Final = 16
TOKENS_IN_A_BATCH: Final = 1024
# Read by the libraries when they are imported: no network, and threads that sleep while they wait.
LIBRARY_SWITCHES: Final = {"HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True)
class TorchModel:
    """Loads at the first text: some seconds of a processor and 600 MB."""

    files: ModelFiles
    threads: int = 1

    @property
    def runs_on(self) -> str:
        return f"torch {'bfloat16' if computes_in_bfloat16() else 'float32'}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed; the library sorts by length itself, so that batches waste little."""
        rows = self._loaded.encode(
            list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True
        )
        # Half precision leaves lengths that are only nearly 1.
        return unit_rows(rows)

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        return self._batches.read(texts, self._run)

    def _run(self, tokens: Tokens, mask: Tokens) -> tuple[Any, Any]:
        import torch  # noqa: PLC0415 - loaded already, with the model

        given = {"input_ids": torch.from_numpy(tokens), "attention_mask": torch.from_numpy(mask)}
        with torch.inference_mode():
            made: dict[str, Any] = self._loaded(given)
        rows, words = made["sentence_embedding"], made["token_embeddings"]
        return rows.float().numpy(), words.float().numpy()

    @cached_property
    def _batches(self) -> TokenBatches:
        return TokenBatches(self.files, self.files.space().max_tokens, TOKENS_IN_A_BATCH)

    @cached_property
    def _loaded(self) -> "SentenceTransformer":
        kind = "bfloat16" if computes_in_bfloat16() else "float32"
        return load(self.files, kind, self.threads)


def load(files: ModelFiles, kind: str, threads: int, **how: str) -> "SentenceTransformer":
    """Load the model from its files, to compute in that kind of numbers."""
    set_library_switches()
    import torch  # noqa: PLC0415 - seconds and 500 MB, so not before there is work
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - same
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415 - same

    disable_progress_bar()
    torch.set_num_threads(threads)
    try:
        return SentenceTransformer(
            str(files.folder), device="cpu", model_kwargs={"dtype": getattr(torch, kind), **how}
        )
    except (OSError, ValueError) as error:
        raise BadSetting(
            f"{files.name!r} cannot be loaded: {str(error)[:200]}",
            where="EMBEDDING_MODEL",
            cure="give a folder of a sentence-transformers model, or leave it at its default",
        ) from error


def set_library_switches() -> None:
    """Set what the libraries read of the environment, before one of them is imported."""
    for name, value in LIBRARY_SWITCHES.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - switches of libraries, no settings


def computes_in_bfloat16() -> bool:
    """Whether this CPU computes in bfloat16, which halves the time."""
    set_library_switches()
    import torch  # noqa: PLC0415 - seconds, so not before there is work

    ask: Any = torch  # it answers in private places only
    try:
        return bool(
            ask.cpu._is_avx512_bf16_supported()  # noqa: SLF001 - there is no public question
            or ask.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001 - same
        )
    except AttributeError:
        return False
