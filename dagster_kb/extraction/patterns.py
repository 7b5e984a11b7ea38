"""Extraction without a model: sentences and names of the passage itself, the same for the same text."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from dagster_kb.entities.extraction import EXTRACTOR, Entity, entities
from dagster_kb.entities.same_names import same_names
from dagster_kb.extraction.passages import Passage
from kb_contract.chunk_extraction import LONGEST_SITUATION, ChunkExtractionV1, ExtractedEntity

MODEL: Final = f"offline/{EXTRACTOR}"
"""Says of every such extraction that no model wrote it."""
_SENTENCE: Final = re.compile(r"(?<=[.!?…])[\"'”’)\]*_]*\s+|(?<=[。！？])|\n\s*")  # noqa: RUF001
_MARKS: Final = re.compile(r"^(?:#{1,6}|[-*+>|]|\d+[.)])\s+|[*`]{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)")
_CHECKABLE: Final = re.compile(
    r"\d|\b(?:is|are|was|were|must|shall|may|can|means?|requires?)\b", re.IGNORECASE
)
_LEANS: Final = re.compile(
    r"(?:it|its|this|that|these|those|they|their|he|she|such|both|otherwise|however|instead)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]{4,30}")
_SHORTEST: Final = 12


def extracted(passage: Passage) -> ChunkExtractionV1:
    """Return what patterns find of a passage."""
    sentences = list(_sentences(passage.text))
    stands_for = dict(same_names(passage.text))
    named = [one for one in entities(passage.text) if len(one.said) <= 120][:40]
    return ChunkExtractionV1(
        entities=[_entity(one, stands_for) for one in named],
        facts=[one for one in sentences if _CHECKABLE.search(one)][:20],
        questions=_questions(named, stands_for)[:10],
        summary=sentences[0] if sentences else (passage.text.strip()[:400] or passage.title[:400]),
        keywords=_keywords(passage)[:20],
        situation=_situation(passage, sentences),
    )


def _entity(one: Entity, stands_for: dict[str, str]) -> ExtractedEntity:
    return ExtractedEntity(name=one.said, kind=one.kind, same_as=stands_for.get(one.name, "")[:120])


def _sentences(text: str) -> Iterator[str]:
    for one in _SENTENCE.split(text):
        said = " ".join(_MARKS.sub("", one).split())
        if _SHORTEST <= len(said) <= 400:
            yield said


def _questions(named: list[Entity], stands_for: dict[str, str]) -> list[str]:
    """Ask for what the passage defines; more cannot be known without understanding it."""
    found = [f"What does {one.said.upper()} stand for?" for one in named if one.name in stands_for]
    return found + [f"What is {one.said}?" for one in named if one.kind == "term"]


def _keywords(passage: Passage) -> list[str]:
    words = Counter(one[0].lower() for one in _WORD.finditer(passage.text))
    headed = {one[0].lower() for part in passage.heading_path for one in _WORD.finditer(part)}
    return sorted(words, key=lambda one: (one not in headed, -words[one], one))


def _situation(passage: Passage, sentences: list[str]) -> str:
    """Return the sentence before, where the passage begins by leaning on it."""
    if not sentences or not _LEANS.match(sentences[0]):
        return ""
    before = list(_sentences(passage.before))
    return before[-1] if before and len(before[-1]) <= LONGEST_SITUATION else ""
