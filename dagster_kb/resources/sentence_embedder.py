"""The embedding model on this machine's processors: made ready at first use, as the work needs it.

A few texts go through ONNX Runtime in this process, which is ready in half a second. Many go
through torch in one process per core: that takes seconds to start and embeds half as fast again.
"""

import hashlib
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from dagster_kb.chunking.tokens import TokenCounter, token_counter
from dagster_kb.resources.embedder import ReadText, Vectors
from dagster_kb.resources.embedding_lanes import ExecutorLanes, ModelChoice, processes_here
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.sentence_models.export_cache import KINDS, ExportCache, Kind
from kb_contract.sentence_models.exporting import export
from kb_contract.sentence_models.model_files import ModelFiles, find_model
from kb_contract.sentence_models.vectors import Backend

# Below it a process's start takes longer than what it takes off the others: with a graph that was
# exported it takes a second, with the libraries that know every model several.
TEXTS_FOR_A_PROCESS: Final = 128
TEXTS_FOR_A_QUICK_PROCESS: Final = 48
# Up to here, for each process, ONNX Runtime is done before torch has caught its slow start up:
# alone, by a graph that it traced earlier, or with the libraries that know every model.
TEXTS_FOR_TRACED: Final = 100
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
    _exported: dict[Kind, Path] = field(default_factory=dict[Kind, Path], init=False)
    _asked_to_export: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

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
    def max_tokens(self) -> int:
        return self.space.max_tokens

    @property
    def dollars_a_token(self) -> float:
        return 0.0

    @property
    def token_counting(self) -> Callable[[], TokenCounter]:
        return partial(token_counter, self.files.folder)

    def count_tokens(self, text: str) -> int:
        return token_counter(self.files.folder)(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        with self.lanes(len(texts)) as lanes:
            return lanes.submit(texts).result().vectors

    def read(self, questions: Sequence[str]) -> list[ReadText]:
        with self.lanes(len(questions)) as lanes:
            return lanes.read(questions).result()

    @contextmanager
    def lanes(self, texts: int) -> Generator[ExecutorLanes]:
        """Choose by the size of the work; what is ready stays ready for the next."""
        processes = self._processes_for(texts)
        lanes = self._ready(self._choice(texts, processes), processes)
        yield lanes
        if self._should_export(lanes.choice):
            lanes.export()

    def warm(self, texts: int) -> None:
        """Begin to load what so many texts will be embedded by, and return at once."""
        processes = self._processes_for(texts)
        self._ready(self._choice(texts, processes), processes).warm()

    def close(self) -> None:
        """End the processes; idle ones would end by themselves after a while."""
        for lanes in self._open:
            lanes.close()
        self._open.clear()

    def _processes_for(self, texts: int) -> int:
        each = TEXTS_FOR_A_QUICK_PROCESS if self._graph("onnx") else TEXTS_FOR_A_PROCESS
        useful = max(1, texts // each)
        return 1 if useful == 1 else min(self.processes or processes_here(), useful)

    def _choice(self, texts: int, processes: int) -> ModelChoice:
        graph, traced = self._graph("onnx"), self._graph("traced")
        few = texts <= (TEXTS_FOR_TRACED if traced else TEXTS_FOR_TORCH) * processes
        fitting = "onnx" if graph and few else "fastest"
        return ModelChoice(
            files=self.files,
            backend=fitting if self.backend == "auto" else self.backend,
            threads=self.threads,
            max_tokens=self.space.max_tokens,
            prefix=self.space.prefix,
            graph=graph,
            traced=traced,
            cache=self.cache,
        )

    def _ready(self, choice: ModelChoice, processes: int) -> ExecutorLanes:
        """A slow start that was paid for is used, even by work that is too small for it."""
        with self._lock:
            fit = [one for one in self._open if one.choice == choice
                   and (one.processes == processes or choice.backend != "onnx")]  # fmt: skip
            if not fit:
                fit = [ExecutorLanes(choice, processes)]
                self._open.extend(fit)
        return max(fit, key=lambda one: one.processes)

    def _graph(self, kind: Kind) -> Path | None:
        """Find an exported model; another process may have made it meanwhile."""
        if kind not in self._exported and self.cache and self.backend != "torch":
            found = (
                export(self.files, self.cache)
                if (self.backend, kind) == ("onnx", "onnx")
                else self._kept(self.cache, kind).find()
            )
            if found:
                self._exported[kind] = found
        return self._exported.get(kind)

    def _should_export(self, used: ModelChoice) -> bool:
        """Ask once for what is missing; few texts do without a traced graph, for which torch is loaded."""
        if self.cache is None or self.backend != "auto" or self._asked_to_export:
            return False
        cache = self.cache
        wanted: Iterable[Kind] = KINDS if used.backend == "fastest" else ("onnx",)
        self._asked_to_export = any(
            one not in self._exported and not self._kept(cache, one).given_up for one in wanted
        )
        return self._asked_to_export

    def _kept(self, cache: Path, kind: Kind) -> ExportCache:
        return ExportCache(cache, self.space.weights_sha256, kind)

    @cached_property
    def _space(self) -> EmbeddingSpace:
        return self.files.space()

    @cached_property
    def _tokenizer(self) -> str:
        return hashlib.sha256(self.files.tokenizer.read_bytes()).hexdigest()[:12]
