"""Whether two sentences of the same words say the same, or the one denies what the other says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from graph.retrieval.terms import terms

_NEGATOR: Final = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|cannot|without|forbidden|prohibited|banned"
    r"|disallowed|denied|refused|unable|lacks?|must ?n[o']t|[a-z]+n['\u2019]t|nicht|kein\w*|nie(?:mals)?|ohne)\b",
    re.IGNORECASE,
)
# These stand behind what they deny: `sharing keys is forbidden`.
_BEHIND: Final = frozenset({"forbidden", "prohibited", "banned", "disallowed", "denied", "refused"})
# `no more than`, `not only`: nothing is denied.
_NO_DENIAL: Final = re.compile(
    r"\b(?:no(?:t)? (?:more|less|fewer|later|longer|earlier) than|not only|no\. ?\d+|no matter|whether or not"
    r"|not just|no doubt|if not|not (?:un|in|im)\w+)\b",
    re.IGNORECASE,
)
_CLAUSE_END: Final = re.compile(
    r"[,;:.!?()\u2014|]|\b(?:but|while|whereas|although|because|so that|and|or|unless|except|until)\b",
    re.IGNORECASE,
)
OPPOSITES: Final = tuple(
    (frozenset(first.split()), frozenset(second.split()))
    for first, second in (
        ("enabled enable enables active", "disabled disable disables inactive"),
        ("required mandatory compulsory obligatory", "optional voluntary"),
        ("allowed permitted may can", "forbidden prohibited banned disallowed"),
        ("increase increases increased increasing rise rises rose rising grew raise raises raised raising",
         "decrease decreases decreased decreasing fall falls fell shrank reduce reduces reduced reducing lowers lowered"
         " lowering cut cuts declined declines dropped drops"),
        ("longer lengthens lengthened", "shorter shortens shortened shorten"),
        ("faster", "slower"),
        ("larger bigger", "smaller"),
        ("higher", "lower"),
        ("heavier", "lighter"),
        ("cheaper", "dearer"),
        ("earliest", "latest"),
        ("credit credited", "debit debited"),
        ("noon midday", "midnight"),
        ("morning mornings", "evening evenings"),
        ("upload uploads uploaded", "download downloads downloaded"),
        ("arrival arrives arrived", "departure departs departed"),
        ("inbound incoming", "outbound outgoing"),
        ("before", "after"),
        ("minimum", "maximum"),
        ("always", "never"),
        ("public", "private confidential"),
        ("internal", "external"),
        ("accepted accept accepts approve approves approved", "rejected reject rejects refuse refuses refused"),
        ("included include includes", "excluded exclude excludes"),
        ("encrypted", "unencrypted plaintext"),
        ("supported supports", "unsupported deprecated"),
        ("open", "closed"),
        ("paid", "unpaid free"),
        ("automatic automatically", "manual manually"),
        ("synchronous", "asynchronous"),
        ("first", "last"),
        ("above over", "below under"),
        ("more", "less fewer"),
        ("legal lawful", "illegal unlawful"),
        ("safe", "unsafe dangerous"),
        ("since from starting", "until till"),
        ("after", "until till"),
        ("earned earns gained gains won wins profit profits", "lost loses loss losses"),
        ("always", "seldom rarely"),
        ("import imports imported", "export exports exported"),
    )
)  # fmt: skip


# `From Monday to Friday` is `Monday until Friday`.
_RANGE: Final = re.compile(
    r"\bfrom\b.*\b(?:to|until|till|through)\b|\bbetween\b|\bstart\w*\b.*\b(?:until|till)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Clause:
    """A piece of a sentence, with whether it is denied."""

    words: frozenset[int]
    denied: frozenset[int]
    """What a negator of the clause stands before (or behind); empty: nothing is."""

    @property
    def is_denied(self) -> bool:
        return bool(self.denied)


def clauses(text: str) -> list[Clause]:
    """Cut a sentence at its commas and conjunctions."""
    plain = _NO_DENIAL.sub(" ", text)
    return [one for piece in _pieces(plain) for one in [_clause(piece)] if one.words]


def _pieces(text: str) -> Iterator[str]:
    place = 0
    for found in _CLAUSE_END.finditer(text):
        yield text[place : found.start()]
        place = found.end()
    yield text[place:]


def _clause(text: str) -> Clause:
    found = list(_NEGATOR.finditer(text))
    whole = terms(_NEGATOR.sub(" ", text))
    denied = frozenset[int]()
    for one in found:
        behind = one[0].lower() in _BEHIND
        scope = text[: one.start()] if behind else text[one.end() :]
        denied |= terms(_NEGATOR.sub(" ", scope)) or whole
    return Clause(whole, denied)


def is_negated(text: str) -> bool:
    """Whether a sentence denies anything."""
    return any(one.is_denied for one in clauses(text))


def denies(said: str, source: str) -> bool:
    """Whether `said` affirms what the source denies, or the other way round."""
    ours, theirs = clauses(said), clauses(source)
    return any(_turned(one, theirs) for one in ours) or any(_turned(one, ours) for one in theirs)


def _turned(denial: Clause, others: list[Clause]) -> bool:
    """Whether what a clause denies is affirmed by others, and denied by none of them."""
    if not denial.is_denied:
        return False
    near = [one for one in others if len(denial.denied & one.words) * 5 >= 3 * len(denial.denied)]
    return bool(near) and not any(one.denied & denial.words for one in others if one.is_denied)


def opposite(said: str, source: str) -> tuple[str, str] | None:
    """Return the word of `said` whose opposite the source has in its place."""
    ours, theirs = _words(said), _words(source)
    ranges = bool(_RANGE.search(said) or _RANGE.search(source))
    for pair in OPPOSITES:
        if ranges and "until" in pair[1]:
            continue
        for mine, other in (pair, pair[::-1]):
            if ours & mine and not theirs & mine and theirs & other and not ours & other:
                return sorted(ours & mine)[0], sorted(theirs & other)[0]
    return None


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", text.lower()))
