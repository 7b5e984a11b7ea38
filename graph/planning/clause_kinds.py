"""Says what a clause asks for, and where in it a document, a hop or a preview hides."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from graph.classification import verbs
from graph.classification.reading import Clause
from graph.classification.rules import classify
from graph.classification.spelling import fold
from graph.planning.clauses import CONDITION, SOURCE_LEAD, order_in
from graph.planning.deeds import deed
from graph.planning.live_readings import paper_and_state, reads_live_state
from graph.planning.sides import counted_sides, document_sides, named_sides

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
    r"|\b(?:sum|total|mean|average)\s+of\s+.+\s+and\s+|\b(?:combined|joint|summed|total|average)\s+(?:\w+\s+){0,3}?of\s+.+\s+and\s+"
    r"|\d\s*(?:%|percent|per\s+cent)\s+(?:\w+\s+)?(?:discount|off|surcharge|increase|rise|reduction|rebate|tip|tax|vat|raise|markup|interest|commission|deposit)\b"
    r"|\d\s*(?:%|percent|per\s+cent)\s+of\s+(?:the|our|my|its|it|that|this)\b|^apply\s+.{0,40}\bto\s+[$€£]?\d|^what\s+\d+\s+\w+\s+(?:would\s+|will\s+|must\s+|have\s+to\s+)?(?:pay|cost|owe|need)|\b(?:ratio|product)\s+(?:of|between)\s+.+\s+(?:to|and)\s+"
    r"|^(?:what|how\s+much)\s+(?:would|do|does|will|must|should)\b.{0,60}\b\d+\b(?!\s*(?:-|kg|g|km|cm|mm|m|years?|months?|litres?|inch|days?)\b).{0,40}\b(?:pay|cost|owe|earn|make|come\s+to)\b|^(?:what|how\s+much)\s+(?:would|do|does|will)\s+.{0,60}\b(?:pay|cost|owe|earn)\b.{0,30}\d"
    r"|^(?:work|figure)\s+(?:it|that|this|them|the\s+\w+)\s+out\b|^(?:add|sum|total|tot)\s+(?:it|them|those|these|both)\b"
    r"|^(?:add|sum|total|combine)\s+(?:(?:up|together)\s+)?(?:the|both|all|these|those|our|my)\s+.*(?:\band\b|s\b)|^(?:average|double|triple|halve|square|round|total)\s+(?:it|them|that|those|these)\b|^what\s+do(?:es)?\s+.+\s+(?:add\s+up\s+to|come\s+to|amount\s+to|total)$|^how\s+many\s+\w+\s+(?:are|is|make)\s+\d[\d.,]*\s+\w+$|^by\s+how\s+(?:much|many)\b|\bhow\s+(?:much|many)\s+\w*(?:er|more|less|fewer)\b.*\bthan\b"
    r"|\bwhat\s+(?:is|would|does|will)\s+(?:it|that|this)\s+(?:be\s+|cost\s+|come\s+to\s+)?for\s+(?:a\s+|an\s+)?\d"
)
_ARITHMETIC: Final = re.compile(
    r"(?:^|[\s(=])[-+]?\d[\d,.]*\s*(?:[+*×÷^]|\s[-/x]\s|\*\*)\s*[-+(]?\d|^\(?\d[\d,.]*\s*[-/]\s*\d[\d,.]*\s*[=?)]*$"  # noqa: RUF001 - people write these signs
    r"|\d\s*(?:%|percent|per\s+cent)\s+(?:of|off|from)\s+[$€£]?\d|\b(?:square\s+root|sqrt|cube\s+root|factorial|logarithm)\s+of\s+\d"
    r"|\d\s*/\s*\d+\s+(?:as|in|of)\b|\d\s+(?:factorial|squared|cubed|to\s+the\s+power|modulo|divided\s+by|multiplied\s+by|times|plus|minus)\b|^convert\b"
    r"|^(?:how\s+many|what\s+is|what's)\b.*\d\s*\w+\s+(?:in|to)\s+\w+$|\bhow\s+many\s+\w+\s+(?:are\s+)?(?:in|is)\s+(?:a|an|\d[\d.,]*)\s+\w+$"
    r"|\bhow\s+many\s+(?:working\s+|business\s+)?(?:days|weeks|months|hours)\s+(?:are\s+(?:there\s+)?)?(?:between|until|till|from)\b.*\d"
)
_COMPARES: Final = re.compile(
    r"\b(?:compar(?:e|es|ing|ison|isons)|contrast|consistent|compatible|in\s+line|versus|vs|differ|differ(?:s|ent)?\s+from|the\s+same|identical|(?:sets|distinguishes|separates)\s+.+\s+from|alike|equal|match(?:es)?|differences?\s+(?:between|among|in)"
    r"|similarit\w+|side\s+by\s+side|overlaps?|contradict\w*|inconsisten\w*|conflict|disagree\w*|agree|in\s+common|discrepanc\w*"
    r"|tell\s+the\s+same|diverge|rank|trade-?offs?|reconcile"
    r"|vergleich\w*|unterschied\w*|comparez?|comparer|comparar?|diferencia\w*|confronta\w*|differenz\w*|vergelijk|verschil\w*|diferenca\w*)\b"
)
_PICKS: Final = re.compile(
    r"^(?:which|who|whose|what)\b.*\b(?!(?:rest|test|interest|request|latest|west|guest|forest|harvest|nearest|best\s+way)\b)"
    r"(?:\w{2,}est|most|least|best|worst|more|less|fewer|better|worse|cheaper|faster|longer|shorter|higher|lower|larger|smaller|older|newer)\b"
)
_BETTER: Final = re.compile(
    r"\b(?:\w{3,}er|more|less|fewer|better|worse|first|most|least|\w{3,}est)\b.*(?:\bthan\b|[,:].*\bor\b)|^side\s+by\s+side\b"
)
_PICKS_FROM_BEFORE: Final = re.compile(
    r"(?:which|who)\s+(?:one\s+|of\s+(?:them|these|those|the\s+two)\s+)?(?:is|are|was|has|have|costs?|takes?|gives?|offers?|lasts?|needs?)\s+(?:the\s+)?(?:\w+\s+)?(?:\w{3,}er|\w{3,}est|more|less|fewer|better|worse|best|worst|most|least)(?:\s+\w+)?$"
)
_WHETHER: Final = re.compile(
    r"(?:do|does|did|is|are|was|were|has|have|can|may)\s+(?:the|our)\s.*\sor\s+(?:the|our)\s"
)
# Makes something out of what it reads: "create tasks from the checklist".
_FROM_READING: Final = re.compile(
    r"(?:create|make|order|buy|book|schedule|generate|set\s+up|fill|populate|import|prepare|build|add\s+(?:the\s+)?(?:dates|events|tasks|entries)|register|enter|configure)\b"
)
_RATIO: Final = re.compile(
    r"\b(?:per|relative\s+to|for\s+each|in\s+proportion\s+to|as\s+a\s+share\s+of)\s+(?:square\s+|cubic\s+)?\w+"
)
_WRITES: Final = re.compile(
    rf"^(?:{verbs.any_of(verbs.WRITING)})\b|^(?:give|show)\s+(?:me\s+|us\s+)?(?:a\s+)?(?:preview|draft|recommendation|suggestion|mock-?up)"
    r"|^(?:should|shall)\s+(?:we|i|they)\b|\bwhat\s+(?:would|do)\s+you\s+(?:recommend|suggest|advise)|^(?:is|would)\s+it\s+(?:be\s+)?(?:worth|better|wise|sensible)"
    r"|\bpros\s+and\s+cons\b|\bwhat\s+(?:would|will)\s+(?:happen|change|break)\b.*\bif\s+(?:we|i)\b|^what\s+if\b|^(?:make|prepare|put\s+together)\s+(?:a|an)\s+(?:plan|draft|proposal|outline|summary|list|recommendation|case)\b"
    r"|^(?:a|an|another)\s+(?:\w+\s+)?(?:joke|poem|haiku|story|song|riddle|limerick)\b|^which\s+(?:one\s+|of\s+(?:them|the\s+\w+)\s+)?(?:to\s+(?:take|choose|pick|buy|use|book|prefer|go\s+with|accept|select|hire)|(?:one\s+)?(?:should|shall)\s+(?:we|i)\b)"
    r"|^(?:(?:show|tell)\s+(?:me|us)\s+)?(?:what|how)\s+.{1,80}\bwould\s+(?:look|read|sound|be\s+like)\b"
    r"|^(?:show|tell)\s+(?:me\s+|us\s+)?what\s+(?:would|will)\b|^(?:tell|give|sing|make\s+up)\s+(?:me\s+|us\s+)?(?:a|an|another)\s+(?:\w+\s+)?(?:joke|poem|haiku|story|song|riddle|limerick|slogan)\b|^turn\s+.+\s+into\s+(?:a|an)\b|^generate\s+(?:a|an|the)\b|^(?:dry[\s-]run|simulate)\b"
)
# What a catalogue of agents and documents can say anything about.
_STOCK: Final = re.compile(
    r"\b(?:agents?|documents?|docs|files?|pages?|articles?|sources?|topics?|subjects?|themes?|tags?|keywords?|versions?"
    r"|generations?|collections?|catalog\w*|knowledge|quarantin\w*)\b"
    # What a cake contains stands in a document; what you know and we have stands in the catalogue.
    r"|\b(?:you|we|i)\s+(?:\w+\s+){0,2}?(?:know|cover|contain|hold|store|have|ask|help|answer|tell)\b"
)
_LISTS_STOCK: Final = re.compile(
    r"(?:list|show|name|which|what|how\s+many)\s+(?:me\s+)?(?:all\s+|the\s+|our\s+|your\s+|available\s+|of\s+)*(?:\w+\s+)?(?:agents|collections|generations|data\s?sets|knowledge\s+bases)(?:\s+(?:are\s+there|exist|do\s+you\s+have|there\s+are|you\s+have))?$"
)
_CREATIVE: Final = re.compile(
    r"\b(?:poem|haiku|joke|story|song|limerick|slogan|riddle)\b|^translate\s+quoted"
)
_CONDITION: Final = re.compile(rf"^{CONDITION}\b")
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
        done = ClauseKind(verb[0], _tail(text, split["deed"]), split["deed"], verb=verb[1])
        asked = _source_question(text, split["source"])
        sources = document_sides(asked) or (asked,)
        return [*(ClauseKind("knowledge", one, fold(one)) for one in sources), done]
    if (lead := SOURCE_LEAD.match(plain)) and not order_in(clause) and len(plain.split()) < 16:
        at = fold(text).find(lead.group())
        asked = text[at + lead.end() - lead.start() :].strip() if at >= 0 else plain
        if not re.search(r"\b(?:what|who|when|where|how|which|why)\b", plain):
            found = document_sides(asked) or (asked,)
            return [ClauseKind("knowledge", one, fold(one), source=one) for one in found]
    made = _kind(clause)
    if made.kind in ("knowledge", "tool") and paper_and_state(plain):
        return [replace(made, kind="knowledge"), replace(made, kind="tool", source="")]
    return [made]


def _deed(plain: str, language: str) -> tuple[Kind, str] | None:
    if verb := deed(plain, language):
        return "action", verb
    if _COMPUTES.search(plain) or _ARITHMETIC.search(plain):
        return "calculation", ""
    if _WRITES.search(plain) or re.match(
        r"(?:decide|check|determine|see|judge|find\s+out|say|tell)\b", plain
    ):
        return "reasoning", ""
    return ("comparison", "") if _COMPARES.match(plain) else None


def _kind(clause: Clause) -> ClauseKind:
    text, plain = clause.text, clause.plain
    if verb := order_in(clause):
        return ClauseKind("action", text, plain, source=_deed_source(plain), verb=verb)
    asked = _WHEN_QUESTION.match(plain) and (text.endswith("?") or not plain.startswith("should"))
    if _CONDITION.match(plain) and not asked:
        return ClauseKind("condition", text, plain)
    for kind, applies in _TESTS.items():
        if applies(text, plain):
            found = _SOURCE.search(plain)
            return ClauseKind(kind, text, plain, source=found.group() if found else "")
    return ClauseKind("knowledge", text, plain)


def _deed_source(plain: str) -> str:
    """What must be read before the deed; "remove her from the list" only names the place."""
    found = _SOURCE.search(plain)
    if found is None:
        return ""
    placed = re.match(r"(?:in|by|from|out\s+of|per|using)\b", found.group())
    return "" if placed and not _FROM_READING.match(plain) else found.group()


def _computes(_text: str, plain: str) -> bool:
    return bool(_ARITHMETIC.search(plain) or _COMPUTES.search(plain))


def _is_live(text: str, plain: str) -> bool:
    if _COMPARES.match(plain) and len(named_sides(text)) > 1:
        return False
    return reads_live_state(plain)


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
    if _PICKS_FROM_BEFORE.match(plain):
        return True
    if (_BETTER.search(plain) or _WHETHER.match(plain)) and len(named_sides(text)) > 1:
        return True
    return bool(_PICKS.search(plain) and (named_sides(text) or counted_sides(text)[0]))


def _reads_back(plain: str) -> bool:
    return bool(re.search(r"\b(?:they|them|each\s+other|these|those|both|it)\b", plain))


def _is_catalogue(text: str, plain: str) -> bool:
    return bool(_LISTS_STOCK.match(plain)) or _top(text) == "schema_discovery"


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
