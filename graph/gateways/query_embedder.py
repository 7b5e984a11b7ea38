"""Questions as vectors of the space that the collections hold."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

from graph.gateways.one_trip import TripsByLoop
from graph.tally import Size, Tally
from kb_contract.embedding_space import DEFAULT_MODEL, nearness_key
from kb_contract.sentence_models.export_cache import ExportCache
from kb_contract.sentence_models.exporting import export
from kb_contract.sentence_models.model_files import find_model
from kb_contract.sentence_models.onnx_model import OnnxModel
from kb_contract.sentence_models.torch_model import TorchModel
from kb_contract.sentence_models.vectors import Backend, ReadText, SentenceModel

REMEMBERED = 512
Made = TypeVar("Made")


@dataclass
class QuestionEmbedder:
    """The dense half. Loads on first use, once per process, in a thread; never blocks the loop."""

    model: str = DEFAULT_MODEL
    threads: int = 1
    backend: Backend = "auto"
    cache: Path | None = None
    """Where the writer keeps what it exported; without that, the first question waits for torch."""
    tally: Tally = field(default_factory=Tally, init=False, repr=False)
    _known: OrderedDict[str, list[float]] = field(
        default_factory=OrderedDict[str, list[float]], init=False
    )
    _read: OrderedDict[str, ReadText] = field(
        default_factory=OrderedDict[str, ReadText], init=False
    )
    _space: str = field(default="", init=False)
    _together: TripsByLoop[Sequence[str], list[ReadText]] = field(init=False, repr=False)
    """Steps that work side by side have their questions read in one run of the model."""

    def __post_init__(self) -> None:
        self._together = TripsByLoop(self._read_together)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text; what was asked lately is not computed again."""
        self._count(self._known, texts)
        return await remembering(self._known, texts, self._vectors_of)

    async def read(self, questions: Sequence[str]) -> list[ReadText]:
        self._count(self._read, questions)
        return await self._together.ask(questions)

    async def _read_together(self, asked: Sequence[Sequence[str]]) -> list[list[ReadText]]:
        every = [one for each in asked for one in each]
        read = iter(await remembering(self._read, every, self._readings_of))
        return [list(islice(read, len(each))) for each in asked]

    async def near_by(self) -> str:
        """Name what questions are embedded with; once it is known, nobody waits for the model."""
        if not self._space:
            loop = asyncio.get_running_loop()
            self._space = await loop.run_in_executor(_worker(), _space_of, self.model)
        return self._space

    async def warm(self) -> None:
        """Load the model before anybody asks."""
        await self.embed(["ready"])

    def size(self) -> Size:
        """Tell how many vectors are remembered."""
        return Size(len(self._known) + len(self._read))

    async def close(self) -> None:
        """Let go of what was opened: the model of this process stays for the next."""

    async def _vectors_of(self, texts: list[str]) -> list[list[float]]:
        return await _by_worker(self._known, texts, self._embedded)

    async def _readings_of(self, questions: list[str]) -> list[ReadText]:
        return await _by_worker(self._read, questions, self._questions)

    def _count(self, known: Mapping[str, object], texts: Sequence[str]) -> None:
        for text in texts:
            self.tally.count(hit=text in known)

    def _embedded(self, texts: list[str]) -> list[list[float]]:
        return self._model().embed(texts).tolist()

    def _questions(self, texts: list[str]) -> list[ReadText]:
        return ReadText.all(texts, self._model().read(texts))

    def _model(self) -> SentenceModel:
        return _loaded(self.model, self.threads, self.backend, self.cache)


async def remembering(
    known: OrderedDict[str, Made],
    texts: Sequence[str],
    make: Callable[[list[str]], Awaitable[list[Made]]],
) -> list[Made]:
    """Return what is known, and make the rest; what was not asked for longest is forgotten."""
    # Taken out before waiting: meanwhile another step may push them out of memory.
    found = {text: known[text] for text in texts if text in known}
    if missing := [text for text in dict.fromkeys(texts) if text not in found]:
        found |= zip(missing, await make(missing), strict=True)
    for text, made in found.items():
        known[text] = made
        known.move_to_end(text)
    while len(known) > REMEMBERED:
        known.popitem(last=False)
    return [found[text] for text in texts]


async def _by_worker(
    known: OrderedDict[str, Made], texts: list[str], make: Callable[[list[str]], list[Made]]
) -> list[Made]:
    return await asyncio.get_running_loop().run_in_executor(_worker(), _made, known, texts, make)


def _made(
    known: OrderedDict[str, Made], texts: list[str], make: Callable[[list[str]], list[Made]]
) -> list[Made]:
    """Make what is still missing: agents that work side by side ask the same question at once."""
    found = {text: known[text] for text in texts if text in known}
    if missing := [text for text in texts if text not in found]:
        fresh = dict(zip(missing, make(missing), strict=True))
        known.update(fresh)
        found |= fresh
    return [found[text] for text in texts]


@cache
def _worker() -> ThreadPoolExecutor:
    """One thread: parallel encodings would only fight for the same cores, and one load is enough."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="query-embedder")


@cache
def _space_of(name: str) -> str:
    """Read it once per process: that takes a tenth of a second."""
    return nearness_key(find_model(name).space().model_dump())


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
