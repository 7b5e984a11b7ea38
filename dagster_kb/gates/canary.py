"""Questions made of the generation itself: what is certainly in it must be found."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dagster_kb.gates.evidence import Canary, Passage, Questions
from dagster_kb.gates.showing import first_words
from dagster_kb.gates.verdicts import Json, Verdict, named, switched_off, table

CANARIES: Final = 5
# Deep enough for documents that are made from one template.
FOUND_WITHIN: Final = 10
_WORD: Final = re.compile(r"\w{2,}")
_FEWEST_WORDS: Final = 4
_QUESTION_WORDS: Final = 40


def finds_canary(evidence: Questions) -> Verdict:
    """Questions made of changed documents find those documents."""
    if evidence.gate().canary == "off":
        return switched_off("canary")
    return judged(evidence.canaries())


def judged(canaries: Iterable[Canary]) -> Verdict:
    """More than half must find their own document: one may drown among documents like it."""
    every = list(canaries)
    if not every:
        said = "no passage has words enough to make a question of it"
        return Verdict(passed=True, description=said, facts={"asked": 0})
    lost = [one for one in every if not _found(one)]
    facts: Json = {"asked": len(every), "found": len(every) - len(lost)}
    rows = [[first_words(one.question), one.passage.path, len(one.found)] for one in lost]
    shown = table(("question", "should find", "passages that came"), rows)
    said = f"{len(every) - len(lost)} of {len(every)} questions made of documents found them"
    if 2 * len(lost) < len(every):
        return Verdict(passed=True, description=said, facts=facts, table=shown)
    where = named([one.passage.path for one in lost])
    return Verdict(
        passed=False,
        description=f"{said}; not found: {where} → the collection does not answer as it should: "
        "ingest again; if it stays so, look at Qdrant (`kb doctor`)",
        facts=facts,
        table=shown,
    )


def choose(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Take passages that a question can be made of, of different documents."""
    seen: set[str] = set()
    for one in passages:
        if one.path in seen or len(_WORD.findall(one.text)) < _FEWEST_WORDS:
            continue
        seen.add(one.path)
        yield one
        if len(seen) == CANARIES:
            return


def question_of(passage: Passage) -> str:
    """Make a question: title and headings, then the first words."""
    place = dict.fromkeys([passage.title, *passage.heading_path])
    words = passage.text.split()[:_QUESTION_WORDS]
    return " ".join([*(one for one in place if one), *words])


def _found(canary: Canary) -> bool:
    """Its own document came, or another one with the very same words."""
    return any(
        one.payload["metadata"]["path"] == canary.passage.path
        or one.payload["text_chunk"] == canary.passage.text
        for one in canary.found[:FOUND_WITHIN]
    )
