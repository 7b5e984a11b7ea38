"""A text in short without a model: what each of its sections begins with, in its own order."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from graph.retrieval.answer_sentences import Finding
from graph.retrieval.sentences import Unit, units
from graph.retrieval.terms import asked_terms, terms
from graph.state import Passage

OF_A_TEXT: Final = 20
"""So many passages are found, so that most of the nearest text is among them."""
MOST_SECTIONS: Final = 8


def nearest_text(matter: str, found: Sequence[Passage]) -> list[Passage]:
    """Return the passages of one text in its order: what is asked for by title, else found most of."""
    asked, texts = asked_terms(matter), defaultdict[str, list[Passage]](list)
    for one in found:
        texts[one["document_id"]].append(one)
    titles = {document: terms(text[0]["title"]) for document, text in texts.items()}
    # A word in every title tells no text from the others.
    often = Counter(term for title in titles.values() for term in title)

    def near(document: str) -> tuple[float, float]:
        named = sum(1 / often[term] for term in asked & titles[document])
        return named, sum(one["score"] for one in texts[document])

    if not texts:
        return []
    return sorted(texts[max(texts, key=near)], key=lambda one: one["start"])


def has_its_title(matter: str, passages: Sequence[Passage]) -> bool:
    """Tell whether the text's title holds a word of what is asked for."""
    return bool(asked_terms(matter) & terms(passages[0]["title"]))


def openings(passages: Sequence[Passage]) -> list[Finding]:
    """Return the first sentence of each section; those of the nearest sections where there are many."""
    sections: dict[tuple[str, ...], Finding] = {}
    for one in passages:
        first = _first(one)
        if first is not None:
            found = Finding(one, first, meaning=one["score"], words=one["score"])
            sections.setdefault(tuple(one["heading_path"]), found)
    nearest = sorted(sections.values(), key=lambda one: -one.fit)[:MOST_SECTIONS]
    return sorted(nearest, key=lambda one: one.passage["start"])


def _first(passage: Passage) -> Unit | None:
    told = [one for one in units(passage["text"]) if one.kind != "heading"]
    return next((one for one in told if one.kind == "sentence"), told[0] if told else None)
