"""Whether a kept answer still holds after a change: the rule, in one place.

It goes when a sentence that it quotes is gone, when a new sentence fits its question at least as well
as the least of its quotes (and better than what it stands in place of), when one beside a quote takes
something back, when an agent that it asked works otherwise, and when nobody can tell. Whatever else
changes, it stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.caching.changes import Change, Sentence
from graph.caching.kept_answer import KeptAnswer
from graph.caching.taking_back import takes_back
from graph.retrieval.terms import asked_terms, terms

Rows = NDArray[np.float32]
BETTER: Final = 0.02
"""A new sentence says more than the one in whose place it stands when it is nearer by this."""
MUCH_OF_A_QUESTION: Final = 0.5
"""A sentence that holds less of a question's words than this does not answer it by its words."""
NEAR_A_QUESTION: Final = 0.35
"""Cosine below which a sentence is about something else, however weak the quotes are."""


@dataclass(frozen=True)
class Stale:
    """Why an answer holds no more."""

    why: str
    agent_id: str


@dataclass(frozen=True)
class Vectors:
    """What texts mean, by their words."""

    known: Mapping[str, Rows]

    def of(self, texts: Iterable[str]) -> Rows:
        return np.array([self.known[one] for one in texts], dtype=np.float32)


def read_after(kept: KeptAnswer, change: Change) -> KeptAnswer | Stale:
    """Carry its quotes to their new places, and say for which generation it holds then."""
    agent = change.agent_id
    if not change.whole:
        return Stale("more changed than can be looked at", agent)
    if change.settings_changed and kept.was_asked(agent):
        return Stale(f"{agent} works otherwise now", agent)
    spans = change.carried(kept.citations)
    if isinstance(spans, str):
        return Stale(f"{agent} does not say any more: {spans[:200]}", agent)
    agents = {**kept.agents, agent: change.generation_id}
    return replace(kept, citations=spans, agents=agents)


def texts_of(kept: KeptAnswer) -> list[str]:
    """All that has to be compared with what came: its questions and its quotes."""
    return list(dict.fromkeys([*questions_of(kept), *(one["quote"] for one in kept.citations)]))


def questions_of(kept: KeptAnswer) -> list[str]:
    """The question, and what was asked of agents where that was another one."""
    return list(dict.fromkeys([kept.question, *(question for _, question in kept.asked)]))


def competing(kept: KeptAnswer, change: Change, vectors: Vectors) -> Stale | None:
    """Find a new sentence that would plausibly be quoted today."""
    if not change.fresh:
        return None
    cited = {one["chunk_id"] for one in kept.citations}
    told = texts_of(kept)
    for one in change.fresh:
        if one.chunk_id in cited and takes_back(one, change.faded, told):
            return Stale(
                f"{change.agent_id} takes back something beside it{one.shown}", change.agent_id
            )
    for question in _each_question(kept, vectors):
        found = question.beaten_by(change.fresh, change.faded, vectors)
        if found is not None:
            why = f"{change.agent_id} says something new of it{found.shown}"
            return Stale(why, change.agent_id)
    return None


@dataclass(frozen=True)
class _Question:
    """A question, and how well the least of its quotes fits it, by meaning and by words."""

    meaning: Rows
    words: frozenset[int]
    nearest: float
    held: float

    def beaten_by(
        self, fresh: Sequence[Sentence], faded: Sequence[Sentence], vectors: Vectors
    ) -> Sentence | None:
        near = vectors.of(one.text for one in fresh) @ self.meaning
        before = vectors.of(one.text for one in faded) @ self.meaning if faded else np.zeros(0)
        for sentence, nearness in zip(fresh, near.tolist(), strict=True):
            replaced = [n for n, one in enumerate(faded) if one.path == sentence.path]
            closest = max((float(before[n]) for n in replaced), default=-1.0)
            held = self._held(sentence.text)
            most_held = max((self._held(faded[n].text) for n in replaced), default=0.0)
            by_meaning = nearness >= self.nearest and nearness > closest + BETTER
            by_words = held >= max(self.held, MUCH_OF_A_QUESTION) and held > most_held
            if by_meaning or by_words:
                return sentence
        return None

    def _held(self, text: str) -> float:
        return len(self.words & terms(text)) / max(1, len(self.words))


def _each_question(kept: KeptAnswer, vectors: Vectors) -> list[_Question]:
    """Give each quote to the question that it fits best: the others did not need it."""
    questions, quotes = questions_of(kept), [one["quote"] for one in kept.citations]
    meanings = vectors.of(questions)
    fit = vectors.of(quotes) @ meanings.T
    best = fit.argmax(axis=1)
    found: list[_Question] = []
    for number, text in enumerate(questions):
        own = [n for n in range(len(quotes)) if best[n] == number]
        words = asked_terms(text)
        held = [len(words & terms(quotes[n])) / max(1, len(words)) for n in own]
        nearest = min((float(fit[n, number]) for n in own), default=1.0)
        if own:
            found.append(
                _Question(meanings[number], words, max(nearest, NEAR_A_QUESTION), min(held))
            )
    return found
