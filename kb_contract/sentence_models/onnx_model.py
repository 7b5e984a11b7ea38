"""A sentence model by ONNX Runtime: it starts ten times sooner than torch, in a third of the memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from kb_contract.sentence_models.model_files import ModelFiles
from kb_contract.sentence_models.vectors import Vectors, unit_rows

INPUTS: Final = ("input_ids", "attention_mask")
OUTPUT: Final = "embedding"
BATCH: Final = 4


@dataclass(frozen=True)
class OnnxModel:
    """Loads at the first text: half a second and 200 MB."""

    files: ModelFiles
    graph: Path
    max_tokens: int
    threads: int = 1

    @property
    def runs_on(self) -> str:
        return "onnx float32"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts of like length together, and give them back in the order that they came."""
        order = sorted(range(len(texts)), key=lambda one: len(texts[one]))
        rows = np.concatenate(list(self._rows([texts[one] for one in order])))
        in_order = np.empty_like(rows)
        in_order[order] = rows
        return unit_rows(in_order)

    def _rows(self, texts: Sequence[str]) -> Iterator[Any]:
        for at in range(0, len(texts), BATCH):
            encoded = self._tokenizer.encode_batch(list(texts[at : at + BATCH]))
            given = (
                [one.ids for one in encoded],
                [one.attention_mask for one in encoded],
            )
            arrays = (np.asarray(one, dtype=np.int64) for one in given)
            yield self._session.run([OUTPUT], dict(zip(INPUTS, arrays, strict=True)))[0]

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer  # noqa: PLC0415 - only those who embed pay

        tokenizer: Any = Tokenizer.from_file(str(self.files.tokenizer))
        tokenizer.enable_truncation(self.max_tokens)
        known: dict[str, Any] = tokenizer.padding or {}
        pad = next(
            (one for one in ("[PAD]", "<pad>") if tokenizer.token_to_id(one) is not None), ""
        )
        tokenizer.enable_padding(
            pad_id=known.get("pad_id", tokenizer.token_to_id(pad) or 0),
            pad_token=known.get("pad_token", pad or "[PAD]"),
        )
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime as untyped  # noqa: PLC0415 - only those who embed pay

        onnxruntime: Any = untyped
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(self.graph), options, providers=["CPUExecutionProvider"]
        )
