"""Names, codes, acronyms and terms of a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

from dagster_kb.entities.same_names import JOINT, acronyms, synonyms
from kb_contract.entity_names import LONGEST_NAME, folded

EXTRACTOR: Final = "patterns-3"
"""Raise it when the patterns change: everything is looked through once more."""
Kind = Literal["name", "code", "acronym", "term"]
_CODE: Final = re.compile(
    r"\b(?=[\w./-]*\d)[A-Z]{1,10}(?:[-/_ ]?\d[A-Z0-9]*)(?:[-./]\d[A-Z0-9]*)*\b"
)
_CAPITAL: Final = r"[A-Z][\w'\u2019-]*"
_NAME: Final = re.compile(rf"\b{_CAPITAL}(?: (?:{JOINT} )?{_CAPITAL})+")
_ACRONYM: Final = re.compile(r"\b(?:[A-Z][A-Z&]{1,7}[A-Z]|[A-Z]{2})\b(?![-/ ]?\d)")
_TERM: Final = re.compile(
    r"(?:\*\*|[\"\u201c])([^*\"\u201c\u201d\n]{2,60}?)(?:\*\*|[\"\u201d]):?\s*(?:means|shall mean|refers to|is defined"
    r" as|is the|are the|:)|^[ \t]*(?:[-*+] )?\*\*([^*\n]{2,60}?):?\*\*\s*[:\u2013\u2014-]",
    re.MULTILINE,
)
# Words that begin sentences, and so are capital without being names.
_OPENS: Final = re.compile(
    r"(?:a|an|the|this|that|these|those|if|when|where|while|who|what|which|how|why|all|any|each|every"
    r"|no|not|in|on|at|by|for|from|of|to|with|and|or|but|as|it|its|we|you|they|he|she|our|your|their|is"
    r"|are|was|were|do|does|did|can|may|must|should|will|after|before|during|unless|until|see|use|note"
    r"|ask|call|contact|tell|write|read|open|send|give|keep)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Entity:
    """Something that a text names."""

    name: str
    said: str
    kind: Kind


def entities(text: str) -> list[Entity]:
    """Return what a text names, each once, in the order in which it is first said."""
    found: dict[str, Entity] = {}
    for kind, said in _said(text):
        name = folded(said)
        if name and len(name) > 1 and len(name.split()) <= LONGEST_NAME:
            found.setdefault(name, Entity(name, said, kind))
    return list(found.values())


def _said(text: str) -> Iterator[tuple[Kind, str]]:
    for one in chain.from_iterable(acronyms(text)):
        yield "acronym", one
    for one in chain.from_iterable(synonyms(text)):
        yield "term", one
    for one in _TERM.finditer(text):
        yield "term", (one[1] or one[2]).strip()
    for one in _CODE.finditer(text):
        yield "code", one[0]
    for one in _NAME.finditer(text):
        if name := _without_opening(one[0]):
            yield "name", name
    for one in _ACRONYM.finditer(text):
        yield "acronym", one[0]


def _without_opening(name: str) -> str:
    """Drop words that are capital only because they begin a sentence."""
    words = name.split()
    while words and (_OPENS.fullmatch(words[0]) or re.fullmatch(JOINT, words[0].lower())):
        words.pop(0)
    return " ".join(words) if len(words) > 1 else ""
