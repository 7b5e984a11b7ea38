"""Recognises questions about how the system is right now (not about what documents say)."""

import re
from typing import Final

_SYSTEM: Final = (
    r"(?:server|service|job|queue|worker|node|indexer|pipeline|cluster|database|db|backup|sensor|embedder"
    r"|api|endpoint|disk|gpu|cpu|ram|memory|deployment|build|container|pod|daemon|scheduler|cache|process"
    r"|crawler|ingestion|ingest|sync|import|export|migration|replica|broker|instance|cron|webhook|gateway"
    r"|index|system|website|site|machine|host|bot|printer|router|network|vpn|storage|run|task|thread|agent)"
)
_MEASURE: Final = (
    r"(?:queue\s+(?:length|depth|size)|backlog|uptime|heartbeat|(?:cpu|gpu|memory|ram|disk|storage)\s+"
    r"(?:load|usage|use|space|utili[sz]ation|left|free)|free\s+(?:space|memory|disk)|error\s+rate|latency"
    r"|throughput|health(?:\s+check)?|status|exit\s+code|log\s+tail|load\s+average|remaining\s+(?:quota|credit)"
    r"|temperature\s+of\s+the\s+server|token\s+spend|spend(?:ing)?\s+(?:so\s+far|today|this\s+month))"
)
_NOW: Final = (
    r"(?:right\s+now|just\s+now|at\s+th(?:e|is)\s+moment|at\s+present|as\s+of\s+now|currently|current|live"
    r"|today|tonight|this\s+(?:minute|hour|morning)|so\s+far|still|already|yet|now)"
)
_STATE: Final = (
    r"(?:running|up|down|online|offline|healthy|alive|reachable|responding|ready|stuck|idle|busy|paused"
    r"|finished|done|failing|failed|working|broken|full|stopped|started|connected|queued|pending"
    r"|in\s+progress|overloaded|ok|answering|complete|completed|processing|synced|up\s+to\s+date)"
)

STRONG: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_MEASURE}\b.*\b(?:of|on|for|in)\s+(?:the\s+|our\s+|my\s+)?(?:[\w-]+\s+){{0,3}}?{_SYSTEM}s?\b",
        rf"\b{_NOW}\b.*\b{_MEASURE}\b|\b{_MEASURE}\b.*\b{_NOW}\b",
        rf"\b(?:show|check|get|what's|what\s+is|how\s+is|display|report|give\s+me)\b.{{0,20}}\b{_MEASURE}\b",
        rf"^(?:is|are)\s+(?:the\s+|our\s+|my\s+|all\s+|any\s+)?(?:[\w-]+\s+){{0,4}}?{_SYSTEM}(?:s|es)?\s+(?:\w+\s+)?{_STATE}\b",
        rf"\b(?:if|whether|that)\s+(?:the\s+|our\s+|my\s+|all\s+)?(?:[\w-]+\s+){{0,3}}?{_SYSTEM}(?:s|es)?\s+(?:is|are|has|have|did)\b",
        rf"^(?:did|has|have)\s+(?:the\s+|our\s+|last\s+night's\s+|my\s+)?(?:[\w-]+\s+){{0,4}}?{_SYSTEM}s?\s+(?:run|ran|finish|succeed|succeeded|fail|work|complete|start|crash|{_STATE})",
        rf"\b(?:how\s+many|number\s+of|list|show|which|any|what)\b.{{0,25}}\b{_SYSTEM}s?\b.{{0,20}}\b(?:are|is|have|in)\b.{{0,12}}\b{_STATE}\b",
        r"\b(?:how\s+many|number\s+of|list|show|which|any|are\s+there(?:\s+any)?)\b.{0,20}\b(?:running|queued|pending|waiting|failed|active|open|stuck)\s+(?:jobs?|tasks?|runs?|requests?|approvals?|sessions?|workers?|threads?|connections?|processes|builds?|alerts?|incidents?)\b",
        rf"\bhow\s+(?:full|busy|loaded|healthy|hot|far\s+along)\s+(?:is|are)\b|\bhow\s+is\s+the\s+(?:[\w-]+\s+){{0,2}}?{_SYSTEM}\s+doing\b",
        rf"\b{_NOW}\b.{{0,30}}\b(?:load|usage|queue|version\s+(?:is\s+)?(?:deployed|running|live))\b|\bversion\b.{{0,20}}\b(?:deployed|running)\b",
        r"^(?:are|is)\s+(?:we|it|that|ours|our\s+\w+|the\s+\w+)\s+(?:\w+\s+)?(?:past|over|above|below|under|within|beyond|near|close\s+to|at|exceeding|approaching)\s+(?:it|that|this|the\s+(?:limit|threshold|mark|maximum|quota)|\d)",
        r"^(?:have|has|do|does)\s+(?:we|it|our\s+\w+|the\s+\w+)\s+(?:\w+\s+)?(?:past|passed|exceed|exceeded|reach|reached|hit|cross|crossed)\b.*\b(?:it|that|limit|threshold|mark|\d)",
        rf"^(?:is|are)\b.*\b{_STATE}\s+(?:right\s+now|now|currently|at\s+the\s+moment)\b|^(?:is|are)\b.*\bcurrently\s+{_STATE}\b",
        rf"\b(?:what|which|who)(?:'s|\s+is|\s+are)\s+(?:being\s+)?(?:currently\s+)?(?:live|served|{_STATE})(?:\s+(?:right\s+now|now|currently|at\s+the\s+moment))?$",
        r"\b(?:what|which)\s+(?:\w+\s+){0,2}?(?:generation|version|colou?r|release|collection|run|job|alias)s?\s+(?:is|are)\s+(?:currently\s+|now\s+)?(?:live|running|served|deployed|active|in\s+use)\b",
        r"\b(?:what|which)\s+(?:\w+\s+)?(?:generation|version|colou?r|collection|alias)s?\s+(?:of|for)\s+(?:[\w-]+\s+){1,3}?(?:is|are)\s+(?:currently\s+|now\s+)?(?:live|running|served|deployed|active|in\s+use)\b",
        r"\b(?:how\s+many|which|what|any)\s+(?:\w+\s+)?(?:approvals?|requests?|runs?|jobs?|operations?|tasks?)\s+(?:are|is)\s+(?:still\s+|currently\s+|now\s+)?(?:waiting|pending|open|running|queued|unanswered)\b",
        r"\b(?:anything|anybody|what)\s+(?:is\s+)?(?:waiting|pending)\b",
        rf"^(?:which|what|any|did\s+any|have\s+any)\s+(?:[\w-]+\s+){{0,2}}?{_SYSTEM}s?\s+(?:{_STATE}|crash(?:ed)?|broke|died|fail|ran)\b",
        r"\b(?:if|whether)\s+(?:we|it|that|they)\s+(?:\w+\s+)?(?:exceed|are\s+(?:past|over|above|below|within|under)|is\s+(?:past|over|above|up|down|running)|answers?|responds?|works|passed|reached)",
        rf"\b(?:check|see|verify|find\s+out|tell\s+me)\s+(?:if|whether|that)\b.*\b(?:ran|succeeded|finished|failed|went\s+through|completed|crashed|is\s+up|{_STATE})$",
        r"^(?:ping|probe|monitor|poll)\s+\w|\brun\s+a\s+(?:health|status)\s?-?check",
        r"\b(?:last|latest|most\s+recent|previous|nightly)\s+(?:\w+\s+)?(?:backup|run|sync|job|deployment|ingest(?:ion)?|build|heartbeat|reindex|restart)\b",
        r"^(?:who|how\s+many\s+(?:users|people|clients))\s+(?:is|are)\s+(?:currently\s+)?(?:logged\s+in|online|connected)",
        rf"^(?:{_SYSTEM}\s+){{1,3}}(?:status|health|uptime|usage|load|backlog)$|^(?:status|health|uptime)\b",
    )
)  # fmt: skip
_CLOCK: Final = re.compile(
    r"\bwhat(?:'s|\s+is)?\s+(?:the\s+)?(?:time|date|day)(?:\s+(?:is\s+(?:it|today)|now|today))|\bwhat\s+time\s+is\s+it"
    r"|\btoday's\s+date|\bcurrent\s+(?:time|date)\b"
)
_HYPOTHETICAL: Final = re.compile(
    r"^(?:why|how\s+(?:do|does|can|should|to)|what\s+(?:does|do|should|happens|to\s+do)|who\s+(?:is\s+)?(?:should|decides|responsible))"
    r"|\b(?:according\s+to|policy|handbook|manual|guide|documentation|procedure)\b.*\b(?:say|says|state|advise|recommend)"
)


def asks_live_state(plain: str) -> bool:
    """Tell whether a clause asks how the running system is."""
    if _CLOCK.search(plain):
        return True
    return not _HYPOTHETICAL.search(plain) and any(one.search(plain) for one in STRONG)
