"""Batches that are embedded beside the caller: by a thread, or by processes on all cores.

Processes rather than the model's own threads: two of them embed twice as much as one, and two
threads of one model lose a tenth to a half of that, more where the cores have other work too.
"""

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from kb_contract.sentence_models.exporting import export_quietly
from kb_contract.sentence_models.model_files import ModelFiles
from kb_contract.sentence_models.onnx_model import OnnxModel
from kb_contract.sentence_models.torch_model import (
    LIBRARY_SWITCHES,
    TorchModel,
    computes_in_bfloat16,
)
from kb_contract.sentence_models.traced_model import TracedModel
from kb_contract.sentence_models.vectors import Reading, ReadText, SentenceModel

# Idle processes end and give their memory back; so do those whose parent was killed.
IDLE_SECONDS: Final = 30
# What a process with a model needs, and more than the largest machine gains from.
BYTES_OF_A_PROCESS: Final = 10**9
# loky ends processes that grow by a third of that after their first task, as leaking: a model does, once.
_SWITCHES: Final = {**LIBRARY_SWITCHES, "LOKY_MAX_MEMORY_LEAK_SIZE": str(BYTES_OF_A_PROCESS)}
MOST_PROCESSES: Final = 32
TEXTS_AT_ONCE: Final = 32


@dataclass(frozen=True)
class ModelChoice:
    """A model and how it runs: what a process needs to make it ready."""

    files: ModelFiles
    backend: Literal["torch", "onnx", "fastest"]
    threads: int
    max_tokens: int
    prefix: str = ""
    graph: Path | None = None
    traced: Path | None = None
    cache: Path | None = None

    def load(self) -> SentenceModel:
        """Make the model; where the CPU has no bfloat16, ONNX Runtime is the quicker one."""
        onnx = self.backend == "onnx" or (self.backend == "fastest" and not computes_in_bfloat16())
        if onnx and self.graph:
            return OnnxModel(self.files, self.graph, self.max_tokens, self.threads)
        if self.backend == "fastest" and self.traced and not onnx:
            return TracedModel(self.files, self.traced, self.max_tokens, self.threads)
        return TorchModel(self.files, self.threads)


@dataclass
class ExecutorLanes:
    """Lanes on a thread of this process, or on processes of their own."""

    choice: ModelChoice
    processes: int
    """One: a thread of this process."""
    _executor: Executor | None = field(default=None, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    """Runs side by side share these lanes."""

    @property
    def texts_at_once(self) -> int:
        return TEXTS_AT_ONCE

    @property
    def width(self) -> int:
        return 2 * self.processes

    @property
    def runs_on(self) -> str:
        return self._live().submit(_runs_on, self.choice).result()

    def submit(self, texts: Sequence[str]) -> Future[Reading]:
        """Hand a batch in; processes that died are replaced."""
        return self._submit(partial(_embed, self.choice), list(texts))

    def read(self, questions: Sequence[str]) -> Future[list[ReadText]]:
        """Hand questions in: their words are given as they are, not packed."""
        return self._submit(partial(_read, self.choice), list(questions))

    def warm(self) -> None:
        """Have every process load the model now; nobody waits for it."""
        for _ in range(self.processes):
            self._submit(_runs_on, self.choice)

    def export(self) -> None:
        """After what was handed in, write the model for quick starts; nobody waits for it."""
        self._submit(partial(export_quietly, self.choice.files), self.choice.cache)

    def close(self) -> None:
        """Wait for what is under way, and end."""
        with self._lock:
            ended, self._executor = self._executor, None
        if ended:
            ended.shutdown(wait=True)

    def _submit(self, task: Any, given: Any) -> Future[Any]:
        with self._lock:
            try:
                return self._live().submit(task, given)
            except BrokenProcessPool:
                self._executor = None
                return self._live().submit(task, given)

    def _live(self) -> Executor:
        if self._executor is None:
            self._executor = _thread() if self.processes == 1 else _pool(self.processes)
        return self._executor


def processes_here() -> int:
    """Cores that this process may use, as long as there is memory for a model on each."""
    from loky import cpu_count  # noqa: PLC0415 - only those with much to embed pay

    room = psutil.virtual_memory().available // BYTES_OF_A_PROCESS
    return max(1, min(cpu_count(), int(room), MOST_PROCESSES))


def _thread() -> Executor:
    return ThreadPoolExecutor(1, thread_name_prefix="embedding")


def _pool(processes: int) -> Executor:
    """Start processes that import neither Dagster nor the program that was started."""
    from loky import ProcessPoolExecutor  # noqa: PLC0415 - only those with much to embed pay

    pool = ProcessPoolExecutor(
        processes, timeout=IDLE_SECONDS, env=_SWITCHES, initializer=_leave_ctrl_c_to_parent
    )
    # Dagster's runs are multiprocessing's children, which would wait for the idle ones to end.
    Finalize(None, pool.shutdown, exitpriority=100)
    return pool


def _leave_ctrl_c_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@cache
def _ready(choice: ModelChoice) -> SentenceModel:
    """Load once per process."""
    return choice.load()


def _embed(choice: ModelChoice, texts: Sequence[str]) -> Reading:
    return Reading.of(_ready(choice).read([f"{choice.prefix}{text}" for text in texts]))


def _read(choice: ModelChoice, questions: Sequence[str]) -> list[ReadText]:
    prefixed = [f"{choice.prefix}{one}" for one in questions]
    return ReadText.all(questions, _ready(choice).read(prefixed))


def _runs_on(choice: ModelChoice) -> str:
    return _ready(choice).runs_on
