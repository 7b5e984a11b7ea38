"""Which clauses and conditions are answered by looking at the running system."""

import re
from typing import Final

from graph.classification.live_state import asks_live_state

_PAPER: Final = re.compile(
    r"\b(?:handbook|manual|guide|policy|policies|contract|report|regulations?|rules|according\s+to|agreement|law|statutes?|leaflet|protocol)\b"
)
_STATE: Final = (
    r"(?:up|down|online|offline|running|reachable|unreachable|responding|unresponsive|alive|healthy|unhealthy|stuck|idle|in\s+sync|out\s+of\s+sync|frozen|hanging|back\s+up"
    r"|back\s+online|up\s+and\s+running|busy|overloaded|connected|disconnected|full|nearly\s+full|almost\s+full|empty|paused|failing|queued|degraded|available|unavailable|dead|overheating|charging|finished|done|complete|completed|over|ready|stopped|broken|failed|still\s+\w+ing|too\s+(?:high|low|long|hot|cold|slow|full|big))"
)
_THING: Final = (
    r"(?:servers?|services?|jobs?|queues?|workers?|nodes?|index(?:er)?|pipelines?|clusters?|databases?|db|backups?|sensors?|embedders?|api|endpoints?|disks?|gpu|cpu|ram|memory"
    r"|deployments?|builds?|containers?|pods?|daemons?|schedulers?|cache|process(?:es)?|crawlers?|ingestion|ingest|sync|imports?|exports?|migrations?|replicas?|brokers?|instances?|cron"
    r"|webhooks?|gateways?|website|site|shop|machines?|hosts?|bots?|printers?|routers?|network|vpn|storage|runs?|tasks?|threads?|pumps?|valves?|tanks?|battery|batteries|freezers?|boilers?|turbines?"
    r"|load|usage|backlog|latency|uptime|temperature|pressure|humidity|stock|balance|occupancy|throughput|traffic|error\s+rate|queue\s+(?:length|depth)|disk\s+space|free\s+space|log|logs|alarms?|alerts?|smoke\s+test|health\s+check|test\s+suite|tests|pipeline)"
)
_READING: Final = (
    r"(?:temperature|pressure|level|levels|reading|balance|stock|usage|load|speed|position|occupancy|status|state|queue|traffic|consumption|output|humidity|battery|backlog"
    r"|latency|throughput|utili[sz]ation|uptime|error\s+rate|length\s+of\s+the\s+queue|free\s+space|disk\s+space|voltage|flow|wait(?:ing)?\s+time|number\s+of\s+(?:open|running|waiting|queued|active|pending|failed)\s+\w+)"
)
_LIVE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(?!who\b)\w+\b.*\b(?:right\s+now|just\s+now|at\s+the\s+moment|at\s+this\s+(?:moment|minute|very\s+moment)|as\s+we\s+speak)\b",
        r"^(?:is|are|has|have)\b.*\s(?:now|by\s+now)$",
        rf"^(?:is|are)\s+(?!there\b|it\s+(?:ok|okay|possible|allowed|permitted|safe|legal|fine|necessary)\b).{{2,60}}?\s(?:\w+\s+)?{_STATE}(?:\s+(?:now|again|yet|already|today))?$",
        rf"^(?:check|see|verify|find\s+out|test|look|tell\s+(?:me|us)|make\s+sure|confirm|whether)\b.*\b(?:if|whether|that)?\s*.{{2,60}}?\s(?:is|are)\s+(?:still\s+|really\s+|not\s+|currently\s+)?{_STATE}(?:\s+(?:now|again|yet|already|and|or)\b.*)?$",
        rf"^(?:check|see|verify|find\s+out|test)\s+(?:if|whether|that)\s+it\s+(?:answers|works|responds|runs|came\s+(?:back|up)|is\s+{_STATE})",
        r"^how\s+(?:long|deep|big|large|full|busy|loaded|hot|warm|cold|fast|slow)\s+(?:is|are)\s+the\s+(?:\w+\s+){0,3}?(?:queue|backlog|line|disk|tank|server|cluster|database|cache|index|storage|battery|freezer|system|network)\b",
        rf"\b(?:current|currently|live|present|actual|momentary)\b.{{0,40}}?\b{_READING}\b|\b{_READING}\b.*\b(?:currently|right\s+now|at\s+the\s+moment|at\s+present)\b",
        r"^(?:is|are)\s+(?:any|some)(?:one|body)?\b.*\b(?:logged\s+in|online|connected|using|running|waiting)\b|^how\s+long\s+(?:has|have)\s+.+\s+been\s+(?:running|up|down|offline|online|stuck|waiting|queued)\b",
        r"^how\s+much\s+(?:\w+\s+){0,2}?(?:memory|space|storage|disk|ram|cpu|battery|fuel|capacity|bandwidth|quota|credit|power|stock)\s+(?:is|are|do\s+we\s+have|have\s+we)\s+(?:still\s+)?(?:left|free|available|used|in\s+use|remaining)\b",
        r"^(?:what(?:'s|\s+is)|show(?:\s+me)?|get|read)\s+the\s+(?:battery|fuel|charge|signal|queue|cpu|memory|disk|tank|stock)\s+(?:level|status|state|usage|load|strength|length|reading|temperature|pressure)\b",
        r"^how\s+many\s+(?:[\w-]+\s+){1,3}?(?:are|is)\s+(?:still\s+|currently\s+|now\s+)?(?:open|running|waiting|queued|pending|active|unanswered|failing|failed|stuck|free|online|connected|logged\s+in|in\s+(?:the\s+)?(?:queue|progress))\b",
        rf"^(?:read|measure|poll|query|check|get|fetch|show|look\s+at)\s+(?:me\s+)?(?:the\s+|our\s+|all\s+)?(?:\w+\s+){{0,2}}?(?:{_READING}|health|sensors?|gauges?|monitor(?:ing)?|dashboards?|uptime|heartbeats?)\b(?!\s+(?:policy|report|rules|limits?|guide))",
    )
)  # fmt: skip
_CONDITION: Final = re.compile(
    r"^(?:only\s+)?(?:if|when|whenever|once|as\s+soon\s+as|in\s+case|unless|provided(?:\s+that)?|after|until|while|as\s+long\s+as|should)\s+(?P<said>.+)$"
)
_HAPPENS: Final = (
    r"(?:is|are|isn't|aren't|has|have|hasn't|haven't|gets?|goes|go|went|stops?|stopped|reach(?:es|ed)?|exceed(?:s|ed)?|drops?|dropped|falls?|fell|rises?|rose|climbs?|comes?|came|finish(?:es|ed)?|ends?|ended|fails?|failed"
    r"|completes?|completed|succeeds?|succeeded|passes|passed|runs?|ran|crash(?:es|ed)?|hangs?|answers?|responds?|does|doesn't|did|didn't|shows?|reports?|says|needs?|grows?|hits?|turns?|looks?)"
)
_WATCHED: Final = (
    re.compile(rf"\b{_THING}\b.*\b{_HAPPENS}\b"),
    re.compile(rf"\b(?:is|are|isn't|aren't|has|have)\s+(?:not\s+|still\s+|all\s+|currently\s+)*(?:been\s+)?{_STATE}\b"),
    re.compile(r"^(?:more|fewer|less|any|no)\b.*\b(?:jobs|runs|errors|alerts|alarms|requests|tickets|messages|tasks|items)\b"),
    re.compile(r"^(?:there\s+(?:are|is)|we\s+have|you\s+see)\b.*\b(?:errors?|alerts?|alarms?|failed|stuck|waiting|pending|open|queued|free)\b"),
    re.compile(r"\b(?:the|our)\s+(?:\w+\s+){0,2}?(?:temperature|pressure|level|load|usage|stock|balance|battery|humidity|backlog|latency)\b"),
)  # fmt: skip


def paper_and_state(plain: str) -> bool:
    """Tell whether one clause needs both a document and the state: "is the load within the limits of the guide"."""
    now = re.search(rf"\b(?:current(?:ly)?|right\s+now|at\s+the\s+moment|present|actual)\b.*\b(?:{_READING}|{_THING})\b|\b(?:{_READING}|{_THING})\b.*\b(?:currently|right\s+now|at\s+the\s+moment)\b", plain)  # fmt: skip
    return bool(now and _PAPER.search(plain))


def reads_live_state(plain: str) -> bool:
    """Tell whether a clause asks how things are right now, which no document knows."""
    if asks_live_state(plain):
        return True
    return not _PAPER.search(plain) and any(one.search(plain) for one in _LIVE)


def condition_is_live(plain: str) -> bool:
    """Tell whether a condition is about the running system: "if the queue is long"."""
    found = _CONDITION.match(plain)
    said = found["said"] if found else plain
    if asks_live_state(f"whether {said}") or asks_live_state(said):
        return True
    return not _PAPER.search(said) and any(one.search(said) for one in _WATCHED)
