"""Searching as readers do: the same questions to Qdrant, the same order of what comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any, Final

from qdrant_client import models

from dagster_kb.batching import batches
from dagster_kb.gates.evidence import Found
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import StoredPoint, VectorStore, sparse_vector
from kb_contract import ranking
from kb_contract.agent_manifest import Blend, RetrievalSettings
from kb_contract.asked_question import Aim, aims
from kb_contract.asked_question import Question as AskedQuestion
from kb_contract.embedding_space import space_key
from kb_contract.generation import Generation
from kb_contract.payload import DENSE, EVERYONE, SPARSE
from kb_contract.ranking import Candidate
from kb_contract.sentence_models.vectors import ReadText
from kb_contract.sparse_words import question_weights
from kb_contract.term_counts import PackedCounts

Payloads = dict[str, Mapping[str, Any]]


# Questions in one request to the store, which holds the answers to all of them in memory.
AT_ONE_GO: Final = 16


@dataclass(frozen=True)
class Question:
    """A question as a model read it, and who asks: nobody's rights are looked at when it is None."""

    read: ReadText
    audience: Sequence[str] | None = ()


@dataclass(frozen=True)
class ReaderSearch:
    """Hybrid search for passages of a generation, in a collection or through an alias."""

    ledger: Ledger
    store: VectorStore
    generation: Generation
    payloads: bool = True
    """Without them nothing can be shown of what is found, only how well it fits."""

    def find(
        self, collection: str, questions: Sequence[Question], how: RetrievalSettings, limit: int
    ) -> list[list[Found]]:
        """Return what a reader would get for each question, best first."""
        weighed = self.weigh(collection, questions, how, limit)
        return [one.ordered(how.blend, how.found_from)[:limit] for one in weighed]

    def weigh(
        self, collection: str, questions: Sequence[Question], how: RetrievalSettings, limit: int
    ) -> list["Weighed"]:
        """Find what may be shown, with all that orders it; some questions at one go."""
        size = max(how.candidates, limit)
        return [one for some in batches(questions, AT_ONE_GO)
                for one in self._weighed(collection, some, how.blend, size)]  # fmt: skip

    def _weighed(
        self, collection: str, questions: Sequence[Question], blend: Blend, size: int
    ) -> list["Weighed"]:
        asked = [self._asked(one.read) for one in questions]
        only = [_served(self.generation.agent_id, one.audience) for one in questions]
        found = self._candidates(collection, [
            _requests(each, aims(one.read, told, size), payloads=self.payloads)
            for one, each, told in zip(questions, only, asked, strict=True)
        ])  # fmt: skip
        short = self._with_rows([
            ranking.shortlist(each, candidates, blend, size)
            for each, (candidates, _) in zip(asked, found, strict=True)
        ])  # fmt: skip
        return [Weighed(each, some, told)
                for each, some, (_, told) in zip(asked, short, found, strict=True)]  # fmt: skip

    def _candidates(
        self, collection: str, requests: Sequence[Sequence[models.QueryRequest]]
    ) -> list[tuple[list[Candidate], Payloads]]:
        """Ask for all of them in one request."""
        every = [one for each in requests for one in each]
        answers = iter(self.store.ask(collection, every))
        return [_candidates(list(islice(answers, len(each)))) for each in requests]

    def _asked(self, read: ReadText) -> AskedQuestion:
        counts = self._terms.get(question_weights(read.text))
        return AskedQuestion.of(read.text, read.words, counts)

    @cached_property
    def _terms(self) -> PackedCounts:
        return self.ledger.terms.of(self.generation)

    def _with_rows(self, found: Sequence[Sequence[Candidate]]) -> list[list[Candidate]]:
        """Add what the ledger knows; what it does not know is looked at by other gates."""
        space = space_key(self.generation.space)
        ids = dict.fromkeys(one.chunk_id for each in found for one in each)
        known = self.ledger.passages.to_weigh(self.generation, space, list(ids))
        return [
            [ranking.with_row(one, known[one.chunk_id]) if one.chunk_id in known else one
             for one in each]
            for each in found
        ]  # fmt: skip


@dataclass(frozen=True)
class Weighed:
    """What was found for a question, in no order yet."""

    asked: AskedQuestion
    found: Sequence[Candidate]
    payloads: Payloads

    def ordered(self, blend: Blend, threshold: float) -> list[Found]:
        order = ranking.ranked(self.asked, self.found, blend, threshold=threshold)
        return [Found(self.payloads[one.chunk_id], one.cosine) for one in order]

    def most_relevant(self, blend: Blend) -> float:
        """How relevant the best passage is; 0 where nothing is found."""
        return float(ranking.relevance(self.asked, self.found, blend).max()) if self.found else 0.0

    def best(self, blend: Blend) -> float:
        """How sure it is that there is an answer; 0 where nothing is found."""
        return ranking.sureness(self.asked, self.found, blend)


def _candidates(answers: Sequence[Sequence[StoredPoint]]) -> tuple[list[Candidate], Payloads]:
    payloads: Payloads = {one.chunk_id: one.payload for one in answers[0]}
    scores = [{one.chunk_id: one.score for one in each} for each in answers]
    return ranking.candidates_of(scores), payloads


def _requests(
    only: models.Filter, wanted: Sequence[Aim], *, payloads: bool
) -> list[models.QueryRequest]:
    """Ask as readers do: the first two score all that is found, the others are for the parts."""
    ways = [[(aim.dense, DENSE), (sparse_vector(aim.words), SPARSE)] for aim in wanted]
    union = [
        models.Prefetch(query=query, using=using, limit=aim.most, filter=only)
        for aim, each in zip(wanted, ways, strict=True)
        for query, using in each
    ]
    shared: dict[str, Any] = {
        "prefetch": union, "limit": 2 * sum(one.most for one in wanted),
    }  # fmt: skip
    # Every point has a dense vector, so the first answer has all of them: their payloads come once.
    whole = [models.QueryRequest(query=query, using=using, with_payload=payloads and using == DENSE, **shared)
             for query, using in ways[0]]  # fmt: skip
    parts = [
        models.QueryRequest(query=query, using=using, limit=aim.most, filter=only)
        for aim, each in zip(wanted[1:], ways[1:], strict=True)
        for query, using in each
    ]
    return [*whole, *parts]


def _served(agent: str, audience: Sequence[str] | None) -> models.Filter:
    """Let through what is published, the agent's own, and may be read now by who asks."""
    must: list[models.Condition] = [
        _field("agent_id", match=models.MatchValue(value=agent)),
        _field("status", match=models.MatchValue(value="published")),
    ]
    if audience is None:
        return models.Filter(must=must)
    must.append(_field("audience", match=models.MatchAny(any=[EVERYONE, *audience])))
    now = datetime.now(UTC)  # noqa: TID251 - what is served depends on the day
    return models.Filter(
        must=must,
        must_not=[
            _field("effective", range=models.DatetimeRange(gt=now)),
            _field("expires", range=models.DatetimeRange(lte=now)),
        ],
    )


def _field(name: str, **test: Any) -> models.FieldCondition:
    return models.FieldCondition(key=f"metadata.{name}", **test)
