"""Questions made of an agent's own passages: how sure one is of them says from where on it may be quoted.

Six words of one sentence are about as sure of their passage as what people ask, whatever the collection is
about. Nobody has to write questions for it, and no golden question decides on what it is judged by.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from dagster_kb.gates.evidence import Passage
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.reader_search import Question, ReaderSearch
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.agent_manifest import AgentManifest, RetrievalSettings
from kb_contract.calibration import OwnQuestions
from kb_contract.generation import Generation
from kb_contract.sparse_words import question_weights

ASKED: Final = 64
# Fewer say where the middle lies by chance.
FEWEST: Final = 24
WORDS: Final = 6
# A collection that grew or shrank by less is as it was when it was asked.
LIKE: Final = 0.25
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD: Final = re.compile(r"[\w'-]+")
_FEWEST_WORDS: Final = 4


@dataclass(frozen=True)
class AskingItself:
    """Asks a collection when it is whole."""

    ledger: Ledger
    store: VectorStore
    embedder: Embedder

    def of(self, generation: Generation) -> Generation:
        """Keep with a generation what was found, or what a generation found that is like it."""
        how = _retrieval(generation)
        if how.threshold is not None or not generation.collection:
            return generation
        live = self.ledger.generations.live(generation.agent_id)
        known = live.own_questions if live and _is_like(generation, live) else None
        own = known or self._ask(generation, generation.collection, how)
        self.ledger.generations.keep_own_questions(generation.generation_id, own)
        return generation.model_copy(update={"own_questions": own})

    def _ask(self, generation: Generation, collection: str, how: RetrievalSettings) -> OwnQuestions:
        enough = generation.chunks >= FEWEST
        passages = self.ledger.passages.by_lot(generation, ASKED) if enough else []
        made = list(questions_of(passages))
        told = {"chunks": generation.chunks, "generation": generation.number}
        if len(made) < FEWEST:
            return OwnQuestions(asked=0, **told)
        asked = [Question(one, audience=None) for one in self.embedder.read(made)]
        search = ReaderSearch(self.ledger, self.store, generation, payloads=False)
        found = search.weigh(collection, asked, how, 1)
        middle = float(np.median([one.best(how.blend) for one in found]))
        return OwnQuestions(asked=len(made), middle=round(middle, 3), **told)


def questions_of(passages: Iterable[Passage]) -> Iterator[str]:
    """Make a question of each passage that has a sentence; the same passage always gives the same."""
    for one in passages:
        sentences = [words for said in _SENTENCES.split(one.text)
                     if len(words := _telling(said)) >= _FEWEST_WORDS]  # fmt: skip
        if sentences:
            lot = np.random.default_rng(zlib.crc32(one.chunk_id.encode()))
            words = sentences[lot.integers(len(sentences))]
            kept: list[int] = sorted(lot.permutation(len(words))[:WORDS].tolist())
            yield " ".join(words[place] for place in kept)


def _telling(sentence: str) -> list[str]:
    return [one for one in _WORD.findall(sentence) if question_weights(one)]


def _is_like(generation: Generation, live: Generation) -> bool:
    """Whether what was found of the live one, which may itself have taken it over, holds still."""
    asked, now, then = live.own_questions, _retrieval(generation), _retrieval(live)
    return (
        asked is not None
        and live.space == generation.space
        and (now.blend, now.candidates) == (then.blend, then.candidates)
        and abs(generation.chunks - asked.chunks) <= LIKE * asked.chunks
    )


def _retrieval(generation: Generation) -> RetrievalSettings:
    return AgentManifest.model_validate(dict(generation.manifest)).retrieval
