"""Says what a clause asks for, and where in it a document, a hop or a preview hides."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from graph.classification import verbs
from graph.classification.live_state import asks_live_state
from graph.classification.reading import Clause
from graph.classification.rules import classify, ordered_change
from graph.classification.spelling import fold
from graph.planning.sides import counted_sides, named_sides

Kind = Literal[
    "action",
    "calculation",
    "tool",
    "comparison",
    "reasoning",
    "catalogue",
    "knowledge",
    "condition",
]

_DOCUMENT: Final = (
    r"(?:handbook|manual|guide|guidelines?|guidance|polic(?:y|ies)|protocol|regulations?|report|leaflet|paper"
    r"|thesis|chapter|section|contract|agreement|specification|spec|memo|minutes|brochure|faq|readme|wiki"
    r"|runbook|playbook|charter|statutes?|bylaws?|code\s+of\s+conduct|terms|documentation|docs|instructions"
    r"|notes|directive|standard|checklist|rules|rulebook|price\s+list|catalogue|timetable|schedule|register"
    r"|letter|plan|template|appendix|annex|survey|study|article|syllabus|roster|tariff|circular|book|file|files"
    r"|table|records?|invoice|quote|quotes|list|archive|knowledge|documents?|pages?|brief|act|law)"
)
_SOURCE: Final = re.compile(
    rf"\b(?:based\s+on|according\s+to|from|using|per|following|in\s+line\s+with|as\s+(?:described|listed|stated|required"
    rf"|set\s+out|defined|explained|recommended)\s+(?:in|by)|listed\s+in|described\s+in|mentioned\s+in|given\s+in"
    rf"|recommended\s+(?:by|in)|with\s+the\s+\w+\s+(?:from|in)|on\s+the\s+basis\s+of|out\s+of|in|by)\s+"
    rf"(?:the|our|my|your|this|that|its|their|both|all|new|each)?\s*(?:[\w'-]+\s+){{0,5}}?{_DOCUMENT}s?\b"
    rf"|\b(?:summary|summaries|overview|contents?|findings|conclusions?|recommendations?|gist|key\s+points|highlights"
    rf"|answer|answers|figures?|values?|results?|quote|steps)\s+(?:of|from|in)\s+(?:the|our|both|all|its)\b"
)
_DEFINITE: Final = re.compile(r"\b(?:the|our|their|its|each|every|all)\s+[a-z]")
_COMPUTES: Final = re.compile(
    rf"^(?:{verbs.any_of('calculate compute work_out figure_out add_up sum_up sum subtract multiply divide convert total round tally')})\b"
    r"|^(?:add|sum|subtract|multiply|divide|deduct)\s+(?:up\s+)?[$€£]?\d|^(?:apply|take|add|deduct)\s+.{0,40}\d+(?:\.\d+)?\s*(?:%|percent)|^average\s+(?:the|our|all|over)\b|^estimate\s+the\s+(?:total|cost|number|amount)"
    r"|\bhow\s+much\s+(?:would|will|does|do|is)\b.*\b(?:for|if|times|in\s+total|altogether)\b.*\d"
    r"|\bhow\s+much\s+(?:cheaper|more|less|longer|faster|bigger)\b|\bwhat\s+(?:does|do|would|will|is)\s+(?:that|it|this)\s+(?:come\s+to|add\s+up\s+to|make|amount\s+to|total)\b"
    r"|\bwhat(?:'s|\s+is)\s+(?:the\s+)?(?:sum|total|mean|average|median|product|difference|ratio|percentage)\s+of\b.*(?:\d|\b(?:both|two|three|four|five|all)\b)"
    r"|^(?:the\s+)?(?:sum|mean|median|average)\s+of\b"
    r"|\bwhat\s+(?:is|would|does|will)\s+(?:it|that|this)\s+(?:be\s+|cost\s+|come\s+to\s+)?for\s+(?:a\s+|an\s+)?\d"
)
_ARITHMETIC: Final = re.compile(
    r"(?:^|[\s(=])[-+]?\d[\d,.]*\s*(?:[+*×÷^]|\s[-/x]\s|\*\*)\s*[-+(]?\d|^\(?\d[\d,.]*\s*[-/]\s*\d[\d,.]*\s*[=?)]*$"  # noqa: RUF001 - people write these signs
    r"|\d\s*(?:%|percent|per\s+cent)\s+(?:of|off|from)\s+[$€£]?\d|\b(?:square\s+root|sqrt|cube\s+root|factorial|logarithm)\s+of\s+\d"
    r"|\d\s+(?:squared|cubed|to\s+the\s+power|modulo|divided\s+by|multiplied\s+by|times|plus|minus)\b|^convert\b"
    r"|^(?:how\s+many|what\s+is|what's)\b.*\d\s*\w+\s+(?:in|to)\s+\w+$|\bhow\s+many\s+\w+\s+(?:are\s+)?(?:in|is)\s+(?:a|an|\d[\d.,]*)\s+\w+$"
    r"|\bhow\s+many\s+(?:working\s+|business\s+)?(?:days|weeks|months|hours)\s+(?:are\s+(?:there\s+)?)?(?:between|until|till|from)\b.*\d"
)
_COMPARES: Final = re.compile(
    r"\b(?:compar(?:e|es|ing|ison|isons)|contrast|versus|vs|differ(?:s|ent)?\s+from|differences?\s+(?:between|among|in)"
    r"|similarit\w+|side\s+by\s+side|overlaps?|contradict\w*|inconsisten\w*|conflict|disagree\w*|agree|in\s+common|discrepanc\w*"
    r"|tell\s+the\s+same|diverge|rank|trade-?offs?|reconcile"
    r"|vergleich\w*|unterschied\w*|comparez?|comparer|comparar?|diferencia\w*|confronta\w*|differenz\w*|vergelijk|verschil\w*|diferenca\w*)\b"
)
_PICKS: Final = re.compile(
    r"^(?:which|who|whose|what)\b.*\b(?!(?:rest|test|interest|request|latest|west|guest|forest|harvest|nearest|best\s+way)\b)"
    r"(?:\w{2,}est|most|least|best|worst|more|less|fewer|better|worse|cheaper|faster|longer|shorter|higher|lower|larger|smaller|older|newer)\b"
)
_RATIO: Final = re.compile(
    r"\b(?:per|relative\s+to|for\s+each|in\s+proportion\s+to|as\s+a\s+share\s+of)\s+(?:square\s+|cubic\s+)?\w+"
)
_WRITES: Final = re.compile(
    rf"^(?:{verbs.any_of(verbs.WRITING)})\b|^(?:give|show)\s+(?:me\s+|us\s+)?(?:a\s+)?(?:preview|draft|recommendation|suggestion|mock-?up)"
    r"|^(?:should|shall)\s+(?:we|i|they)\b|\bwhat\s+(?:would|do)\s+you\s+(?:recommend|suggest|advise)|^(?:is|would)\s+it\s+(?:be\s+)?(?:worth|better|wise|sensible)"
    r"|\bpros\s+and\s+cons\b|\bwhat\s+(?:would|will)\s+(?:happen|change|break)\b.*\bif\s+(?:we|i)\b|^what\s+if\b|^(?:make|prepare|put\s+together)\s+(?:a|an)\s+(?:plan|draft|proposal|outline|summary|list|recommendation|case)\b"
    r"|^(?:show|tell)\s+(?:me\s+|us\s+)?what\s+(?:would|will)\b|^turn\s+.+\s+into\s+(?:a|an)\b|^generate\s+(?:a|an|the)\b|^(?:dry[\s-]run|simulate)\b"
)
# What a catalogue of agents and documents can say anything about.
_STOCK: Final = re.compile(
    r"\b(?:agents?|documents?|docs|files?|pages?|articles?|sources?|topics?|subjects?|themes?|tags?|keywords?|versions?"
    r"|generations?|collections?|catalog\w*|knowledge|know|cover\w*|contain\w*|hold|store\w*|ask|help|quarantin\w*|you)\b"
)
_CREATIVE: Final = re.compile(
    r"\b(?:poem|haiku|joke|story|song|limerick|slogan|riddle)\b|^translate\s+quoted"
)
_CONDITION: Final = re.compile(
    r"^(?:if|when|once|as\s+soon\s+as|in\s+case|unless|provided|should)\b"
)
_WHEN_QUESTION: Final = re.compile(
    r"when\s+(?:did|is|was|do|does|will|can|are|were|should|has|have)\b|should\b"
)
_TO_DO: Final = re.compile(
    rf"^(?:{verbs.any_of(verbs.USING)}|using|with|based\s+on|from|according\s+to)\s+(?P<source>.+?),?\s+(?:and\s+|to\s+)(?P<deed>\S.*)$"
)


@dataclass(frozen=True)
class ClauseKind:
    """What a clause asks for."""

    kind: Kind
    text: str
    plain: str
    source: str = ""
    """Words that name a document which must be read first."""
    verb: str = ""


def kinds_of(clause: Clause) -> list[ClauseKind]:
    """Return what a clause asks for; "use X to do Y" and conditions ask for two things."""
    text, plain = clause.text, clause.plain
    split = _TO_DO.match(plain)
    if split and (verb := _deed(split["deed"], clause.language)):
        deed = ClauseKind(verb[0], _tail(text, split["deed"]), split["deed"], verb=verb[1])
        return [
            ClauseKind("knowledge", _source_question(text, split["source"]), split["source"]),
            deed,
        ]
    return [_kind(text, plain, clause.language)]


def _deed(plain: str, language: str) -> tuple[Kind, str] | None:
    if verb := ordered_change(plain, language):
        return "action", verb
    if _COMPUTES.search(plain) or _ARITHMETIC.search(plain):
        return "calculation", ""
    if _WRITES.search(plain) or re.match(
        r"(?:decide|check|determine|see|judge|find\s+out)\b", plain
    ):
        return "reasoning", ""
    return ("comparison", "") if _COMPARES.match(plain) else None


def _kind(text: str, plain: str, language: str) -> ClauseKind:
    if verb := ordered_change(plain, language):
        found = _SOURCE.search(plain)
        return ClauseKind("action", text, plain, source=found.group() if found else "", verb=verb)
    if _CONDITION.match(plain) and not _WHEN_QUESTION.match(plain):
        return ClauseKind("condition", text, plain)
    for kind, applies in _TESTS.items():
        if applies(text, plain):
            found = _SOURCE.search(plain)
            return ClauseKind(kind, text, plain, source=found.group() if found else "")
    return ClauseKind("knowledge", text, plain)


def _computes(_text: str, plain: str) -> bool:
    return bool(_ARITHMETIC.search(plain) or _COMPUTES.search(plain))


def _is_live(_text: str, plain: str) -> bool:
    return asks_live_state(plain)


def _writes(_text: str, plain: str) -> bool:
    return bool(_WRITES.search(plain))


def _compares(text: str, plain: str) -> bool:
    if _COMPARES.search(plain) and not re.match(r"(?:who|when)\b", plain):
        return bool(
            named_sides(text)
            or counted_sides(text)[0]
            or _reads_back(plain)
            or _top(text) == "complex_analysis"
        )
    return bool(_PICKS.search(plain) and (named_sides(text) or counted_sides(text)[0]))


def _reads_back(plain: str) -> bool:
    return bool(re.search(r"\b(?:they|them|each\s+other|these|those|both|it)\b", plain))


def _is_catalogue(text: str, _plain: str) -> bool:
    return _top(text) == "schema_discovery"


def _top(text: str) -> str:
    return classify(text).query_type


_TESTS: Final[Mapping[Kind, Callable[[str, str], bool]]] = {
    "calculation": _computes,
    "tool": _is_live,
    "reasoning": _writes,
    "comparison": _compares,
    "catalogue": _is_catalogue,
}


def is_ratio(plain: str) -> bool:
    """Tell whether a pick needs a division first: "cheapest per square metre"."""
    return bool(_RATIO.search(plain))


def is_creative(plain: str) -> bool:
    """Tell whether nothing has to be looked up to write it."""
    return bool(_CREATIVE.search(plain))


def asks_for_stock(text: str) -> bool:
    """Tell whether a question is about what is kept here, not about what stands in it."""
    return bool(_STOCK.search(fold(text)))


def names_things(plain: str) -> bool:
    """Tell whether a clause speaks of something definite that a document must tell."""
    return bool(_DEFINITE.search(plain))


def _tail(text: str, plain_tail: str) -> str:
    at = fold(text).rfind(plain_tail[:20])
    return text[at:] if at >= 0 else plain_tail


def _source_question(text: str, plain_source: str) -> str:
    at = fold(text).find(plain_source)
    return text[at : at + len(plain_source)] if at >= 0 else plain_source
