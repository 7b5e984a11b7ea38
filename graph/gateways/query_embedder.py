"""Questions as vectors of the space that the collections hold."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.sentence_models.export_cache import ExportCache
from kb_contract.sentence_models.exporting import export
from kb_contract.sentence_models.model_files import find_model
from kb_contract.sentence_models.onnx_model import OnnxModel
from kb_contract.sentence_models.torch_model import TorchModel
from kb_contract.sentence_models.vectors import Backend, SentenceModel

REMEMBERED = 512


@dataclass
class QuestionEmbedder:
    """The dense half. Loads on first use, once per process, in a thread; never blocks the loop."""

    model: str = DEFAULT_MODEL
    threads: int = 1
    backend: Backend = "auto"
    cache: Path | None = None
    """Where the writer keeps what it exported; without that, the first question waits for torch."""
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
        ready = _loaded(self.model, self.threads, self.backend, self.cache)
        return ready.embed(texts).tolist()


@cache
def _worker() -> ThreadPoolExecutor:
    """One thread: parallel encodings would only fight for the same cores, and one load is enough."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="query-embedder")


@cache
def _loaded(name: str, threads: int, backend: Backend, cache: Path | None) -> SentenceModel:
    """Make the model ready once per process; only the worker's one thread comes here."""
    files = find_model(name)
    space = files.space()  # refuses weights that are not the known ones
    graph = None
    if cache and backend == "auto":
        graph = ExportCache(cache, space.weights_sha256).find()
    elif cache and backend == "onnx":
        graph = export(files, cache)
    if graph:
        return OnnxModel(files, graph, space.max_tokens, threads)
    return TorchModel(files, threads)
