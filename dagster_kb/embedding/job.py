"""Embeds what a generation lacks, batch by batch; one text that fails costs no other."""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Final
from uuid import UUID

import psycopg

from dagster_kb.batching import batches
from dagster_kb.embedding.forecast import EmbeddingForecast, forecast_of, money_said
from dagster_kb.resources.embedder import Embedder, Lanes, Reading, checked, to_bytes
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_embeddings import Failure, MissingText
from dagster_kb.resources.progress import WorkProgress
from dagster_kb.telemetry import Stages
from kb_contract.chat_models.by_api import is_by_api
from kb_contract.errors import BadInput, BadSetting, ScriptoriumError, Unavailable
from kb_contract.generation import Generation

# What a crash can cost at most: what is under way, which is two of these for each process.
TEXTS_IN_A_COMMIT: Final = 32
# How often a text is tried alone in one run.
MAX_CHUNK_ATTEMPTS: Final = 2
# How often a batch is written to a ledger that is away; each time waits for a connection, 30 s at most.
KEEP_TRIES: Final = 6
# Failures that a message names; the ledger has all of them.
NAMED: Final = 5
# What the model puts around each text.
_FRAME_TOKENS: Final = 2

# What lies at neither a text nor the model: asking for each text alone would not help.
_OURS: Final = (BadSetting, Unavailable, psycopg.OperationalError)

Batch = Sequence[MissingText]
# Each with those of its words.
Vectors = list[tuple[bytes, bytes]]


def nobody(done: int, total: int) -> None:
    """Tell nobody."""


def nobody_waits(chunks: Sequence[UUID]) -> None:
    """Nobody goes on with them."""


@dataclass(frozen=True)
class Embedded:
    """What was embedded, and how."""

    texts: int = 0
    reused: int = 0
    seconds: float = 0.0
    runs_on: str = "nothing to embed"
    processes: int = 0
    cut: int = 0
    """Texts of which the model read the beginning only."""
    estimate: str = ""
    """What was foretold of it."""
    cost: str = "nothing: there was nothing to embed"
    """In words; `kb cost` has what the books say."""

    @property
    def per_second(self) -> float:
        return round(self.texts / self.seconds, 1) if self.seconds else 0.0


@dataclass(frozen=True)
class HandedIn:
    """A batch that is being embedded."""

    batch: list[MissingText]
    reading: Future[Reading]
    at: float

    @property
    def milliseconds(self) -> int:
        return round((perf_counter() - self.at) * 1000)


@dataclass
class EmbeddingJob:
    """The work on one generation; all that it finishes is kept at once."""

    ledger: Ledger
    embedder: Embedder
    generation: Generation
    stages: Stages = field(default_factory=Stages)
    tell: Callable[[int, int], None] = nobody
    kept: Callable[[Sequence[UUID]], None] = nobody_waits
    """Told of the chunks whose vectors were just kept."""
    _failed: list[tuple[MissingText, Failure]] = field(
        default_factory=list[tuple[MissingText, Failure]], init=False
    )
    _cut: int = field(default=0, init=False)

    def run(self) -> Embedded:
        """Embed; raises at the end when a text has no vector, for then it cannot go live.

        Two runs may work on one generation: who comes second finds that all is paid for.
        """
        self._require_same_space()
        with self.ledger.database.lock(f"embed:{self.generation.generation_id}"):
            return self._run()

    def _run(self) -> Embedded:
        store = self.ledger.embeddings
        missing = store.missing(self.generation, self.embedder.space.space_id)
        store.begin(self.generation, missing)
        self._failed = [(one, failure) for one in missing if (failure := _given_up(one))]
        work = [one for one in missing if not _given_up(one)]
        done = Embedded(reused=store.embeddable(self.generation) - len(missing))
        if work:
            done = self._embed_all(work, self._foretell(work, done.reused))
        self._refuse_failures()
        return done

    def _foretell(self, work: Batch, reused: int) -> EmbeddingForecast:
        forecast = forecast_of(
            self.generation.documents, self.generation.chunks, len(work),
            sum(one.tokens for one in work), reused,
            self.ledger.reports.pace(self.embedder.space.space_id), self.embedder.dollars_a_token,
        )  # fmt: skip
        self.stages.say("embedding.estimate", **asdict(forecast))
        return forecast

    def _embed_all(self, work: Batch, forecast: EmbeddingForecast) -> Embedded:
        progress = WorkProgress(
            "embedding", "texts", len(work), forecast.tokens, self.tell, self.stages.say
        )
        with self.embedder.lanes(len(work)) as lanes, self._handed_in() as waiting:
            for one in self._under_way(work, lanes, waiting):
                self._finish(one, lanes)
                progress.advance(len(one.batch), sum(text.tokens for text in one.batch))
            done = Embedded(
                len(work), forecast.texts_in_store, progress.seconds, lanes.runs_on,
                lanes.processes, self._cut, forecast.said, self._cost(forecast),
            )  # fmt: skip
        self.stages.say("embed", **asdict(done))
        return done

    def _cost(self, forecast: EmbeddingForecast) -> str:
        if not is_by_api(self.embedder.space.model):
            return "nothing: the model runs here"
        return f"{money_said(forecast.money)} to the provider"

    def _under_way(
        self, work: Batch, lanes: Lanes, waiting: deque[HandedIn]
    ) -> Generator[HandedIn]:
        """Hand in ahead, so that no process waits while this one writes to the ledger."""
        for batch in batches(work, min(TEXTS_IN_A_COMMIT, lanes.texts_at_once)):
            reading = lanes.submit(self._texts(batch))
            waiting.append(HandedIn(list(batch), reading, perf_counter()))
            if len(waiting) > lanes.width:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()

    @contextmanager
    def _handed_in(self) -> Generator[deque[HandedIn]]:
        """What is under way; where one fails, what came of the others is kept, for it may be paid."""
        waiting: deque[HandedIn] = deque()
        try:
            yield waiting
        finally:
            came = [one for one in waiting if not one.reading.cancel() and one.reading.done()]
            with suppress(ScriptoriumError, psycopg.OperationalError):
                for one in came:
                    if not (one.reading.cancelled() or one.reading.exception()):
                        self._keep(one, self._vectors(one), tries=1)

    def _texts(self, batch: Batch) -> list[str]:
        texts = self.ledger.embeddings.texts(batch)
        for one, text in zip(batch, texts, strict=True):
            if self._is_cut(one, text):
                self._cut += 1
                self.stages.say("embedding.cut", path=one.path, heading=list(one.heading_path))
        return texts

    def _is_cut(self, one: MissingText, text: str) -> bool:
        room = self.embedder.max_tokens - _FRAME_TOKENS
        # A token of the header is a character or more, so most texts need not be counted again.
        at_most = one.tokens + len(text) - one.characters
        return at_most > room and self.embedder.count_tokens(text) > room

    def _finish(self, handed: HandedIn, lanes: Lanes) -> None:
        batch = handed.batch
        chunks = [str(chunk) for one in batch for chunk in one.chunks]
        with self.stages.stage("embed", quiet=True, texts=len(batch), chunk_ids=chunks) as told:
            try:
                vectors = self._vectors(handed)
            except _OURS:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a model fails with, on whatever text
                told["failed"] = len(self._rescue(batch, error, lanes))
            else:
                self._keep(handed, vectors)

    def _vectors(self, handed: HandedIn) -> Vectors:
        """Take what the model made; all that fails here is the model's, or a text's."""
        reading = handed.reading.result()
        vectors = checked(reading.vectors, len(handed.batch), self.embedder.space.dimension)
        return list(zip(to_bytes(vectors), reading.words, strict=True))

    def _keep(self, handed: HandedIn, vectors: Vectors, tries: int = KEEP_TRIES) -> None:
        """Write to the ledger; what was paid for outlasts a Postgres that is away for minutes."""
        for left in reversed(range(tries)):
            try:
                self.ledger.embeddings.keep(
                    self.generation, self.embedder.space.space_id, handed.batch, vectors,
                    handed.milliseconds,
                )  # fmt: skip
                break
            except psycopg.OperationalError:
                if not left:
                    raise
        self.kept([chunk for one in handed.batch for chunk in one.chunks])

    def _rescue(self, batch: Batch, error: Exception, lanes: Lanes) -> list[MissingText]:
        """Keep all but the texts that fail alone; when each does, the model is what is broken."""
        broken = self._halve(batch, error, lanes)
        if len(broken) == len(batch) > 1:
            whole = Failure.of(error, 0)
            self.ledger.embeddings.failed(self.generation, batch, whole)
            raise error
        for text, failure in broken:
            self.ledger.embeddings.failed(self.generation, [text], failure)
        self._failed.extend(broken)
        return [text for text, _ in broken]

    def _halve(
        self, batch: Batch, error: Exception, lanes: Lanes, attempts: int = 1
    ) -> list[tuple[MissingText, Failure]]:
        """Return the texts that fail alone, tried twice; the rest is kept."""
        if len(batch) == 1 and attempts >= MAX_CHUNK_ATTEMPTS:
            return [(batch[0], Failure.of(error, attempts))]
        if len(batch) == 1:
            return self._again(batch, lanes, attempts + 1)
        middle = len(batch) // 2
        return self._again(batch[:middle], lanes, 1) + self._again(batch[middle:], lanes, 1)

    def _again(
        self, batch: Batch, lanes: Lanes, attempts: int
    ) -> list[tuple[MissingText, Failure]]:
        texts = self.ledger.embeddings.texts(batch)
        try:
            handed = HandedIn(list(batch), lanes.submit(texts), perf_counter())
            vectors = self._vectors(handed)
        except _OURS:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            return self._halve(batch, error, lanes, attempts)
        self._keep(handed, vectors)
        return []

    def _require_same_space(self) -> None:
        space = self.embedder.space
        if self.generation.space != space.model_dump(mode="json"):
            raise BadInput(
                f"the generation is for {self.generation.space['model']}, the model is {space.model}",
                where=self.generation.agent_id,
                cure="materialise the whole chain again: it stages a generation for this model",
            )

    def _refuse_failures(self) -> None:
        if not self._failed:
            return
        named = "; ".join(
            f"{one.place}: {failure.kind}: {failure.message}"
            for one, failure in self._failed[:NAMED]
        )
        more = f"; and {len(self._failed) - NAMED} more" if len(self._failed) > NAMED else ""
        raise BadInput(
            f"{len(self._failed)} text(s) could not be embedded, so this generation cannot go live: "
            f"{named}{more}",
            where=self.generation.agent_id,
            cure="mend or shorten those passages and commit, or `kb ingest --force` to try them again",
        )


def _given_up(one: MissingText) -> Failure | None:
    failure = one.failure
    return failure if failure and failure.attempts >= MAX_CHUNK_ATTEMPTS else None
