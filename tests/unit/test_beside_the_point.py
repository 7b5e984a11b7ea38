"""A question that no passage speaks of gets no quote that is true and beside the point."""

from typing import Any

import numpy as np
import pytest

from graph.agents.rag import UNMET, Rag
from graph.ports import AgentTask
from graph.state import Passage
from kb_contract.agent_manifest import Blend
from kb_contract.asked_question import Question
from kb_contract.ranking import Candidate, candidates_of, ranked
from kb_contract.sentence_models.word_vectors import NO_WORDS, WordVectors
from kb_contract.term_counts import TermCounts
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder

UNCOUNTED = TermCounts(0, {})


DIRECTIONS = dict(
    zip(
        ("skip", "review", "code"),
        np.random.default_rng(7).choice([-1.0, 1.0], (3, 128)),
        strict=True,
    )
)


def words(*said: str) -> WordVectors:
    """Give each word a direction of its own."""
    made = np.array([DIRECTIONS[one] for one in said], np.float32)
    return WordVectors(said, made / np.float32(np.sqrt(128)))


def asked(text: str) -> Question:
    return Question.of(text, words(*text.split()), UNCOUNTED)


def test_what_no_passage_speaks_of_is_the_share_of_its_words() -> None:
    about = [Candidate("a", 0.6, 2.0, words("review", "code").pack())]
    [all_met] = ranked(asked("review code"), about, Blend(), threshold=0.0)
    [half_met] = ranked(asked("skip review"), about, Blend(), threshold=0.0)
    assert (all_met.unmet, half_met.unmet) == (0.0, pytest.approx(0.5))
    both = [*about, Candidate("b", 0.2, 0.0, words("skip").pack())]
    assert {one.unmet for one in ranked(asked("skip review"), both, Blend(), threshold=0.0)} == {
        0.0
    }


def test_where_no_words_are_known_nothing_is_said_to_be_unmet() -> None:
    question = Question.of("skip review", NO_WORDS, UNCOUNTED)
    found = candidates_of([{"a": 0.9}, {"a": 3.0}])
    assert [one.unmet for one in ranked(question, found, Blend(), threshold=0.0)] == [0.0]
    assert [one.unmet for one in ranked(asked("skip review"), found, Blend(), threshold=0.0)] == [
        0.0
    ]


class Telling(InMemoryKnowledge):
    """Says of its passages how much of the question they leave unmet, and whether they are doubtful."""

    unmet = 0.0
    doubtful = False

    async def search(self, *arguments: Any, **named: Any) -> list[Passage]:
        found = await super().search(*arguments, **named)
        return [{**one, "unmet": self.unmet, "doubtful": self.doubtful} for one in found]


async def test_quotes_beside_the_point_are_not_given() -> None:
    reader = Telling()
    reader.add_document("a", "knowledge/a/review.md", "# Review\n\nA code review takes one day.\n")
    task = AgentTask(
        "s", reader.capabilities["a"], "knowledge", "How long is a code review?", {}, {}, "standard"
    )
    assert (await Rag(reader, WordEmbedder())(task))["status"] == "done"
    reader.doubtful = True
    assert (await Rag(reader, WordEmbedder())(task))["status"] == "nothing_found"
    reader.doubtful, reader.unmet = False, UNMET
    told = await Rag(reader, WordEmbedder())(task)
    assert (told["status"], told["claims"]) == ("nothing_found", [])
    assert told["text"] == f"{task.agent.title} has nothing about this."
