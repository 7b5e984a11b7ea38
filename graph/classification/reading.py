"""Reads a question: what is quoted, where the clauses are, which of them count."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from graph.classification import verbs
from graph.classification.language import UNSURE, language_of
from graph.classification.spelling import Spelling, fold

QUOTED: Final = "quoted"
# A clause says what it wants at its beginning; patterns never see more than this of it.
LONGEST_CLAUSE: Final = 400

_QUOTES: Final = re.compile(
    r"\"[^\"\n]{1,400}\"|“[^”\n]{1,400}”|„[^“”\n]{1,400}[“”]|«[^»\n]{1,400}»|‘[^’\n]{1,400}’"  # noqa: RUF001 - people write these signs
    r"|`[^`\n]{1,400}`|(?<![\w'])'[^'\n]{2,200}'(?!\w)"
)
# Two capitals in a row inside a sentence are a name, whatever words it is made of.
_NAME: Final = re.compile(
    r"(?<=[a-z,] )(?:[A-Z][a-z'-]+)(?:\s+(?:(?:of|the|and|for|in|to|on)\s+)?[A-Z][a-z'-]+)+"
)
_WH: Final = r"(?:who|whom|whose|what|what's|when|where|why|how|which|whether)"
_AUX: Final = (
    r"(?:is|are|was|were|do|does|did|can|should|has|have|will|would|am|may)\s+"
    r"(?:the|a|an|we|i|it|they|there|you|he|she|this|that|these|those|our|my|any|all)"
)
_GO_ON: Final = r"(?:(?:also|just|only|simply|please|afterwards?|actually|finally|immediately|next|if\s+so,?)\s+)*"
_START: Final = rf"{_GO_ON}(?:{_WH}|{_AUX}|{verbs.any_of(verbs.ALL_VERBS)}|don't|do\s+not)\b"
_BREAK: Final = re.compile(
    rf"(?P<stop>(?<!\b[a-z])(?<!\b(?:mr|ms|dr|st|no|vs))(?<!\b(?:mrs|etc|art|fig|inc|ltd|vol))"
    rf"[.?!]+(?:\s+|$)|[;\n]+\s*)"
    rf"|(?P<colon>:\s+)"
    rf"|(?P<but>,?\s+(?:but|however,?|yet|except\s+that)\s+)"
    rf"|(?P<and>,?\s*\b(?:and\s+|&\s+)?then,?\s+|,\s*(?:and\s+|or\s+|so\s+|plus\s+)?(?={_START})"
    rf"|,\s+(?=(?:only|just)\b)|\s+(?:and|plus|&)\s+(?={_START})|\s+(?:before|after)\s+(?:you\s+)?(?={_START}))"
)
_PREAMBLES: Final = re.compile(
    r"(?:(?:hi|hello|hey|hiya|dear|good\s+(?:morning|afternoon|evening|day))\b[^,.!?]{0,24}[,.!]\s*"
    r"|(?:hi|hello|hey)\s+(?:there|all|team|folks)?\s*|please,?\s+|kindly\s+|sorry,?\s+"
    r"|(?:excuse\s+me|thanks|thank\s+you|ok|okay|right|so|well|and|also|now|yes|yeah|no\s+wait|hmm"
    r"|oh|then|next|finally|afterwards|just|actually|simply|quickly|first|again|immediately|lastly"
    r"|if\s+so|if\s+not|if\s+possible|once\s+(?:done|that's\s+done)|when\s+done|after\s+that"
    r"|in\s+short|in\s+one\s+line|by\s+the\s+way|btw|quick\s+(?:one|question|check)|question"
    r"|for\s+the\s+record|out\s+of\s+curiosity|i\s+was\s+wondering|i\s+wonder|i'm\s+curious"
    r"|any\s+idea|any\s+chance|do\s+you\s+(?:happen\s+to\s+)?know|remind\s+me|one\s+more\s+thing"
    r"|as\s+an?\s+[\w ]{3,30}|as\s+soon\s+as\s+(?:you\s+can|possible)|tell\s+me|help\s+me(?:\s+to)?"
    r"|could\s+you\s+tell\s+me|let\s+me\s+know)\s*[,:]?\s+"
    r"|(?:can|could|would|will|might)\s+(?:you|we|someone|anyone)\s+(?:please\s+|kindly\s+|maybe\s+|perhaps\s+)?"
    r"|(?:would|do)\s+you\s+mind\s+|would\s+it\s+be\s+possible\s+to\s+|is\s+there\s+any\s+chance\s+you\s+could\s+"
    r"|(?:i|we)(?:'d|\s+would|'ll|\s+will)?\s+(?:really\s+|just\s+|only\s+|still\s+|also\s+)?"
    r"(?:want|need|like|love|have)\s+(?:you\s+)?to\s+(?:know\s+|find\s+out\s+|understand\s+|see\s+(?=wh|how|if))?"
    r"|i'm\s+(?:trying|looking|hoping|asked)\s+to\s+(?:know\s+|find\s+out\s+|understand\s+)?"
    r"|let's\s+|let\s+us\s+|go\s+ahead\s+and\s+|feel\s+free\s+to\s+|make\s+sure\s+(?:to|that\s+you|you)\s+"
    r"|be\s+so\s+kind\s+(?:as\s+)?to\s+|remember\s+to\s+|you\s+(?:can|should|may|must|could)\s+"
    r"|(?:i|we)\s+(?:should|must)\s+(?!i\b|we\b)|time\s+to\s+|it's\s+time\s+to\s+)"
)
_WISHES: Final = re.compile(
    r"(?:i|we)(?:'d|\s+would)?\s+(?:really\s+|just\s+|only\s+)?(?:want|need|like)\s+(?=the|a\b|an\b)"
)
_TURNED_AWAY: Final = re.compile(
    r"(?:not|no|don't|do\s+not|never|without|nothing|rather\s+than|instead\s+of|forget|skip|ignore"
    r"|i\s+(?:don't|do\s+not)\s+(?:need|want)|this\s+is\s+not|it's\s+not|isn't)\b(?!\s+(?:one|how)\b)"
)
_CONCESSION: Final = re.compile(
    r"\bif\s+(?:you\s+must|needed|need\s+be|necessary|you\s+(?:like|want))\b"
)
_ABOUT_WORDS: Final = re.compile(
    r"\bthe\s+(?:word|term|phrase|name|title)\s+\w+\s+(?:is|appears|occurs)\b"
)
_ASKING: Final = re.compile(rf"(?:{_WH}|{_AUX}|{verbs.any_of(verbs.ALL_VERBS)})\b")
_WITHOUT: Final = re.compile(
    r",?\s*\b(?:without|not|instead\s+of|rather\s+than|before)\s+(?:yet\s+|actually\s+)?[a-z-]+ing\b"
    r"(?:\s+(?:it|them|anything|that|this|any\s+of\s+(?:it|them)))?"
)


@dataclass(frozen=True)
class Clause:
    """A part of a question that could stand alone."""

    text: str
    """As written, slips in key words mended."""
    plain: str
    """Folded, quotes and names hidden, preamble gone: what patterns look at."""
    weight: float
    link: str
    """How it follows the one before: 'stop', 'colon', 'but', 'and', or '' for the first."""
    asks: bool
    language: str = "en"


@dataclass(frozen=True)
class Reading:
    """A question, read."""

    original: str
    clauses: tuple[Clause, ...]
    language: str

    @property
    def plain(self) -> str:
        """The clauses that count, as one text."""
        return " ; ".join(clause.plain for clause in self.clauses if clause.weight > 0.25)

    @property
    def words(self) -> int:
        """How long the question is, without its preamble."""
        return sum(len(clause.plain.split()) for clause in self.clauses)


@lru_cache(maxsize=1)
def _spelling() -> Spelling:
    deciding = """
    what which where when whose compare comparison contrast difference differences average versus
    explain describe summarise summarize summary according available fields columns attributes tables
    schema structure datasets indexes indices collections categories sources calculate compute convert
    percent percentage current currently status running policy procedure handbook describe trends
    overlaps between across aggregate analysis analyse analyze total delete remove create restart
    archive rename trigger documents topics entities relationship relationships everything reasons
    happens guidelines requirements deadline number price address opening contact
    """
    return Spelling.of(deciding.split() + verbs.PLAIN_CHANGES.replace("_", " ").split())


def read(question: str, *, names: tuple[str, ...] = ()) -> Reading:
    """Read a question; `names` are known names, whose words do not decide."""
    language = language_of(question)
    text = re.sub(r" ?\n[ \n]*", "\n", re.sub(r"[^\S\n]+", " ", question)).strip()
    text = _spelling().corrected(text) if language in {"en", UNSURE} else text
    hidden = _hide(text, names)
    found = [(start, end, link) for start, end, link in _spans(hidden) if text[start:end].strip()]
    several = any(
        _ASKING.match(_opening(hidden[start:end])) or "?" in text[end : end + 2]
        for start, end, _ in found
    )
    clauses = [
        _clause(text, hidden, span, only=len(found) == 1, others_ask=several) for span in found
    ]
    return Reading(
        question, tuple(replace(one, language=language) for one in _weigh(clauses)), language
    )


def _hide(text: str, names: tuple[str, ...]) -> str:
    """Fold, and put 'quoted' (padded to the same length) where words must not decide."""
    masked = _NAME.sub(_mask, text)
    quoted = _QUOTES.sub(_mask, masked)
    # A question that is nothing but a quotation is meant as it stands.
    masked = masked if len(quoted.replace(QUOTED, "").strip(" .?!#")) < 4 else quoted
    folded = fold(masked)
    for name in names:
        folded = re.sub(rf"\b{re.escape(fold(name))}\b", _mask, folded)
    return folded


def _mask(match: re.Match[str]) -> str:
    size = len(match.group())
    return QUOTED.ljust(size, "#") if size >= len(QUOTED) else "#" * size


def _spans(hidden: str) -> list[tuple[int, int, str]]:
    spans: list[tuple[int, int, str]] = []
    start, link = 0, ""
    for found in _BREAK.finditer(hidden):
        spans.append((start, found.start(), link))
        start, link = found.end(), str(found.lastgroup)
    spans.append((start, len(hidden), link))
    return spans


def _clause(
    text: str, hidden: str, span: tuple[int, int, str], *, only: bool, others_ask: bool
) -> Clause:
    start, end, link = span
    plain = _opening(hidden[start:end])
    asks = bool(_ASKING.match(plain)) or hidden[end : end + 1] == "?"
    weight = 1.0 if asks or only or not others_ask else 0.4
    if _TURNED_AWAY.match(plain) and not only:
        weight = 0.1
    if _CONCESSION.search(plain) or _ABOUT_WORDS.search(plain):
        weight = min(weight, 0.2)
    mark = "?" if hidden[end : end + 1] == "?" else ""
    return Clause(text[start:end].strip(" ,") + mark, plain, weight, link, asks)


def _weigh(clauses: list[Clause]) -> list[Clause]:
    """What stands before a "but" or a colon counts less than what follows."""
    weights = [clause.weight for clause in clauses]
    for at, clause in enumerate(clauses[1:], start=1):
        if clause.link == "but" and clause.weight >= 0.4:
            weights[at - 1] = min(weights[at - 1], 0.35)
            weights[at] = 1.0
        if clause.link == "colon":
            weights[at - 1] *= 0.9 if clauses[at - 1].asks else 0.6
            weights[at] = max(weights[at], 0.8)
    return [replace(one, weight=weight) for one, weight in zip(clauses, weights, strict=True)]


def _opening(hidden: str) -> str:
    """Drop greetings, politeness and wishes; squeeze blanks; drop "without doing it"."""
    plain = re.sub(r"#+", " ", hidden[: LONGEST_CLAUSE * 2])
    plain = " ".join(_WITHOUT.sub(" ", plain).split()).strip(" ,.!-")
    for _ in range(6):
        found = _PREAMBLES.match(plain) or _WISHES.match(plain)
        if found is None or found.end() >= len(plain):
            break
        rest = plain[found.end() :].strip(" ,")
        # "tell me if …" asks; "if …" alone is a condition.
        asks = found.group().startswith(("tell", "let me know", "could you tell", "do you know"))
        plain = re.sub(r"^if\b", "whether", rest) if asks else rest
    return plain[:LONGEST_CLAUSE]
