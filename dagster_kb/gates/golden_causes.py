"""Why a golden question cannot find what it wants: often it is the question that is wrong."""

import difflib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from dagster_kb.gates.evidence import Passage, Questions
from dagster_kb.gates.showing import first_words
from kb_contract.agent_manifest import GoldenQuestion
from kb_contract.payload import EVERYONE

_NEAR: Final = 0.5
_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]?")


def plain(text: str) -> str:
    """Return the words alone: blanks, line ends and capitals do not matter."""
    return " ".join(text.split()).casefold()


def cause(evidence: Questions, question: GoldenQuestion) -> str:
    """Say why nothing can be found; empty when the passage is there and just did not come up."""
    paths = evidence.files()
    ending = f"/{evidence.agent()}/{question.path.lstrip('/')}"
    path = next((one for one in paths if f"/{one}".endswith(ending)), None)
    if path is None:
        return _no_document(question.path, paths, evidence.agent())
    if paths[path]:
        return f"{question.path} is not published: {paths[path]}"
    passages = evidence.passages_of(path)
    hidden = _hidden(question, passages) or _not_now(passages)
    if question.quote is None or any(_holds(one, question.quote) for one in passages):
        return hidden
    return _no_quote(question.quote, question.path, passages)


def _no_document(wanted: str, paths: Iterable[str], agent: str) -> str:
    inside = [f"/{one}".partition(f"/{agent}/")[2] or one for one in paths]
    near = difflib.get_close_matches(wanted, inside, n=1, cutoff=_NEAR)
    hint = f"did you mean {near[0]!r}?" if near else "look at the list of documents"
    return f"the agent has no document {wanted!r}; {hint}"


def _hidden(question: GoldenQuestion, passages: Sequence[Passage]) -> str:
    readers = {one for passage in passages for one in passage.audience}
    if not passages or readers & {EVERYONE, *question.audience}:
        return ""
    groups = ", ".join(sorted(readers))
    return f"only {groups} may read it; say for whom the question is: `audience: [{groups}]`"


def _not_now(passages: Sequence[Passage]) -> str:
    now = datetime.now(UTC)  # noqa: TID251 - what is served depends on the day
    for one in passages:
        if one.expires and datetime.fromisoformat(one.expires) <= now:
            return f"it expired at {one.expires}; take the question out, or set a later `expires`"
        if one.effective and datetime.fromisoformat(one.effective) > now:
            return f"it is not served before {one.effective}; ask this question from then on"
    return ""


def _no_quote(quote: str, path: str, passages: Sequence[Passage]) -> str:
    whole = plain(" ".join(one.text for one in passages))
    if plain(quote) in whole:
        return "its quote runs over the border of two passages; take fewer words"
    near = _nearest(quote, passages)
    if near is None:
        return f"its quote stands nowhere in {path}"
    passage, words = near
    place = f", under {passage.place!r}" if passage.place else ""
    return f"its quote stands nowhere in {path}; the nearest is “{first_words(words, 30)}”{place}"


def _nearest(quote: str, passages: Sequence[Passage]) -> tuple[Passage, str] | None:
    """Find the sentence that is most like the quote."""
    wanted = plain(quote)
    best: tuple[float, Passage, str] | None = None
    matcher = difflib.SequenceMatcher(b=wanted, autojunk=False)
    for passage in passages:
        for sentence in _SENTENCE.finditer(passage.text):
            matcher.set_seq1(plain(sentence[0]))
            # As much of the quote as the sentence has, wherever in it.
            alike = sum(one.size for one in matcher.get_matching_blocks()) / max(1, len(wanted))
            if best is None or alike > best[0]:
                best = (alike, passage, sentence[0].strip())
    return (best[1], best[2]) if best and best[0] >= _NEAR else None


def _holds(passage: Passage, quote: str) -> bool:
    return plain(quote) in plain(passage.text)
