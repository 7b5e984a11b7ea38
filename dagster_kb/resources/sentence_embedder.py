"""The embedding model on this machine's processors: made ready at first use, as the work needs it.

A few texts go through ONNX Runtime in this process, which is ready in half a second. Many go
through torch in one process per core: that takes seconds to start and embeds half as fast again.
"""

import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from dagster_kb.chunking.tokens import TokenCounter, token_counter
from dagster_kb.resources.embedder import Vectors
from dagster_kb.resources.embedding_lanes import ExecutorLanes, ModelChoice, processes_here
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.sentence_models.model_files import ModelFiles, find_model
from kb_contract.sentence_models.onnx_cache import OnnxCache
from kb_contract.sentence_models.onnx_export import export
from kb_contract.sentence_models.vectors import Backend

# Below it a process's start takes longer than what it takes off the others.
TEXTS_FOR_A_PROCESS: Final = 128
# Up to here, for each process, ONNX Runtime is done before torch has caught its slow start up.
TEXTS_FOR_TORCH: Final = 700


@dataclass(eq=False)
class SentenceEmbedder:
    """Makes vectors with a sentence-transformers model that is on this machine."""

    model: str
    threads: int = 1
    processes: int = 0
    """0: one per core."""
    backend: Backend = "auto"
    cache: Path | None = None
    """Where exported models are kept; None: nowhere, so that all goes through torch."""
    _open: list[ExecutorLanes] = field(default_factory=list[ExecutorLanes], init=False)
    _exported: Path | None = field(default=None, init=False)
    _asked_to_export: bool = field(default=False, init=False)

    @cached_property
    def files(self) -> ModelFiles:
        return find_model(self.model)

    @property
    def space(self) -> EmbeddingSpace:
        return self._space

    @property
    def tokenizer(self) -> str:
        return self._tokenizer

    @property
    def token_counting(self) -> Callable[[], TokenCounter]:
        return partial(token_counter, self.files.folder)

    def count_tokens(self, text: str) -> int:
        return token_counter(self.files.folder)(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        with self.lanes(len(texts)) as lanes:
            return lanes.submit(texts).result()

    @contextmanager
    def lanes(self, texts: int) -> Generator[ExecutorLanes]:
        """Choose by the size of the work; what is ready stays ready for the next."""
        processes = self._processes_for(texts)
        lanes = self._ready(self._choice(texts, processes), processes)
        yield lanes
        if self._may_export():
            lanes.export()

    def close(self) -> None:
        """End the processes; idle ones would end by themselves after a while."""
        for lanes in self._open:
            lanes.close()
        self._open.clear()

    def _processes_for(self, texts: int) -> int:
        useful = max(1, texts // TEXTS_FOR_A_PROCESS)
        return 1 if useful == 1 else min(self.processes or processes_here(), useful)

    def _choice(self, texts: int, processes: int) -> ModelChoice:
        graph = self._graph()
        few = texts <= TEXTS_FOR_TORCH * processes
        fitting = "onnx" if graph and few else "fastest"
        return ModelChoice(
            files=self.files,
            backend=fitting if self.backend == "auto" else self.backend,
            threads=self.threads,
            max_tokens=self.space.max_tokens,
            prefix=self.space.prefix,
            graph=graph,
            cache=self.cache,
        )

    def _ready(self, choice: ModelChoice, processes: int) -> ExecutorLanes:
        """A slow start that was paid for is used, even by work that is too small for it."""
        fit = [one for one in self._open if one.choice == choice
               and (one.processes == processes or choice.backend != "onnx")]  # fmt: skip
        if not fit:
            fit = [ExecutorLanes(choice, processes)]
            self._open.extend(fit)
        return max(fit, key=lambda one: one.processes)

    def _graph(self) -> Path | None:
        """Find the exported model; another process may have made it meanwhile."""
        if self._exported is None and self.cache and self.backend != "torch":
            self._exported = (
                export(self.files, self.cache)
                if self.backend == "onnx"
                else self._kept(self.cache).find()
            )
        return self._exported

    def _may_export(self) -> bool:
        if self.cache is None or self.backend != "auto" or self._exported or self._asked_to_export:
            return False
        self._asked_to_export = True
        return not self._kept(self.cache).given_up

    def _kept(self, cache: Path) -> OnnxCache:
        return OnnxCache(cache, self.space.weights_sha256)

    @cached_property
    def _space(self) -> EmbeddingSpace:
        return self.files.space()

    @cached_property
    def _tokenizer(self) -> str:
        return hashlib.sha256(self.files.tokenizer.read_bytes()).hexdigest()[:12]
