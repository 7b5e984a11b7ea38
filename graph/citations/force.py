"""Whether a sentence says a thing as firmly, and as much of today, as its quote does."""

import re
from collections.abc import Sequence
from typing import Final

from graph.citations.polarity import is_negated
from graph.citations.quantities import facts_of
from graph.citations.scope import Piece
from graph.citations.word_lists import listed

_NEED_NOT: Final = listed(
    r"(?:need|have|has) not(?: to)?|needn't|do(?:es)? not (?:have|need) to"
    r"|(?:not|isn't|aren't) (?:required|mandatory|necessary|compulsory|obligatory)"
)
_MUST: Final = listed(
    r"must|shall|ha(?:s|ve) to|needs?(?: to)?|require\w*|mandatory|compulsory|obligatory|obliged|obligation"
)
_SHOULD: Final = listed(r"should|ought to|recommend\w*|advis\w*|encouraged?|suggest\w*|preferably")
_MAY: Final = listed(
    r"(?-i:may)|can|could|might|allow\w*|permit\w*|permission|optional|optionally|possib\w+|eligible|free to"
    "|able to|voluntary|perhaps|probably|likely|potentially"
)
# `May stay 48 hours` gives leave; `may be late` is not sure.
_MIGHT: Final = listed("(?-i:may) be|might|could|possibly|perhaps|probably|likely|potentially")
_PAST: Final = listed(
    r"formerly|previously|used to (?:be|have)|no longer|not (?:\w+ )*any ?more|in the past|historically"
)
_WAS: Final = listed(
    "was|were|had|did|became|been|former|previous|until|retired|discontinued|abolished|obsolete|superseded|repealed"
    "|ended|ceased|stopped|replaced"
)
_PROPOSED: Final = listed(
    r"propos\w+|consider(?:s|ed|ing)|discuss(?:es|ing)|debat(?:e[sd]?|ing)|drafts?"
)
_PLANNED: Final = listed(
    r"planned|plans? to|expected (?:to|that)|intend(?:s|ed)? to|propos\w+|drafts?|considering"
)
# What somebody thinks, or what only looks so, is not so yet.
_THOUGHT: Final = listed(
    r"(?:expect|believe|assume|estimate|anticipate|hope|suspect|predict|forecast|suggest)s?"
    r"(?= that\b|,| (?:\w+ ){1,4}to\b)|preliminary|appears? to|seems? to|is said to|allegedly|reportedly|tentatively"
)
_SURE: Final = listed(
    "will|proven|proves?|certainly|definitely|guaranteed|confirmed|has been shown"
)
# `Will be installed` and `is being installed` are not installed yet.
_NOT_YET: Final = listed(r"will be \w+(?:ed|en)|(?:is|are) (?:currently |now )?being \w+(?:ed|en)")
_DONE: Final = listed(r"(?:has|have) (?:already |now )?been \w+(?:ed|en)|(?:was|were) \w+(?:ed|en)")
_WITHIN: Final = re.compile(
    r"\b(?:who|which|that|when|whenever|if|once|after|as soon as)\b[^,;.]*", re.IGNORECASE
)
_FUTURE: Final = listed(
    "will|would|going to|future|plans?|scheduled|upcoming|aims?|expected|intended|next"
)


def says_firmer(sentence: str, used: Sequence[Piece]) -> bool:
    """Whether what may be becomes what must be, or what is; or what must be only may."""
    here = [one for one in used if not is_negated(one.text)]
    if not here or is_negated(sentence):
        return False
    if (
        not _THOUGHT.search(sentence)
        and _SURE.search(sentence)
        and all(_THOUGHT.search(one.sentence) and not _SURE.search(one.sentence) for one in here)
    ):
        return True
    said, there = _force(sentence), {_force(one.text) for one in here}
    if said == "is":
        return all(_MIGHT.search(facts_of(one.text).rest) for one in here)
    weaker = {"must": {"may", "should"}, "should": {"may"}, "may": {"must"}}
    return there <= weaker[said]


def _force(text: str) -> str:
    plain = _NEED_NOT.sub(" optional ", facts_of(text).rest)
    ranked = (("must", _MUST), ("should", _SHOULD), ("may", _MAY))
    return next((name for name, words in ranked if words.search(plain)), "is")


def says_of_another_time(sentence: str, used: Sequence[Piece], sources: str) -> bool:
    """Whether what was, or is only planned, becomes what is; or what is becomes what was or is planned."""
    past, planned = (words.search(sentence) for words in (_PAST, _PLANNED))
    if past and not (_PAST.search(sources) or _WAS.search(sources)):
        return True
    if planned and not (_PLANNED.search(sources) or _FUTURE.search(sources)):
        return True
    if not used:
        return False
    if _DONE.search(_WITHIN.sub(" ", sentence)) and all(
        _NOT_YET.search(one.text) and not _DONE.search(one.text) for one in used
    ):
        return True
    if all(_PROPOSED.search(one.sentence) for one in used) and not _PROPOSED.search(sentence):
        return not planned
    was = all(_PAST.search(one.text) for one in used)
    will = all(_PLANNED.search(one.text) for one in used)
    return (was and not (past or _WAS.search(sentence) or is_negated(sentence))) or (
        will and not (planned or _FUTURE.search(sentence))
    )
