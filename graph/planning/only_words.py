"""What begins like an order and only produces words or numbers, or speaks of the verb and not of doing it."""

import re
from typing import Final

_ONLY_WORDS: Final = re.compile(
    r"(?:report\s+(?:back|on|to\s+me)|return\s+(?:the\s+)?(?:list|names?|number|top|only|result)|inform\s+(?:me|us)\s+(?:about|of|on|what|how|why|which)|(?:contact|request|report|return|repair|release|rate|exchange|deposit|display)\s+(?:details|number|address|person|form|forms|policy|policies|procedure|period|rules|rate|rates|time|times|information|info|list|of)\b"
    r"|confirm\s+(?:that|if|whether|how|what|which|who|when|where|the\s+(?:fact|date|number|name|value|rule))\b|map\s+out|split\s+the\s+(?:bill|cost)|scan\s+the\s+(?:documents?|reports?|pages?|manual|handbook|texts?|literature)|pull\s+(?:up|the\s+(?:numbers|figures|data|list)|together)|(?:text|page|water|ring|plant|stage|cap|end|train|place|top|link|map|fire|fine|cut|rate)\s+(?:of|in|on|at|for|is|are|was|from)\b"
    r"|(?:raise|report)\s+(?:any\s+)?(?:questions?|doubts?|concerns?)\b|set\s+out\b|double[\s-]check|settle\s+(?:a|the|our)\s+(?:bet|argument|question)|cut\s+to\b|add\s+(?:up|together)\b|sum\s+up\b|rate\s+(?:the|these|those|both|each)\b.*\b(?:by|on|against|from\s+\d)|collect\s+(?:the\s+)?(?:figures|facts|information|data|numbers|findings|arguments|what)\b|(?:place|put|set|lay)\s+.*\b(?:side\s+by\s+side|against\s+(?:each|one\s+another))"
    r"|leave\s+.*\b(?:(?:to|with|for)\s+me|as\s+(?:it|they)\s+(?:is|are)|alone|untouched)\b|keep\s+(?:it|this|them)\s+(?:as\s+(?:a\s+)?draft|unsent|to\s+yourself)\b|make\s+(?:it|this|that|them|these)\s+(?:sound|read|shorter|longer|clearer|friendlier|simpler|more|less)\b|boil\s+.*\bdown\b)"
)
_SPOKEN_OF: Final = re.compile(
    r"^[\w-]+(?:\s+(?:all|off|on|up|out|down))?\s+(?:button|key|keys|command|commands|option|function|flag|menu|icon|permissions?|endpoint|event|events|request|requests|means|is|are|was|does|do|meaning|vs|versus|policy|policies|process|rules|procedure)\b"
    r"|\b(?:nothing|nobody|no\s+one|none\s+of\s+(?:it|them))(?:\s+(?:yet|at\s+all|for\s+now|else))?$"
)
_QUANTITIES: Final = re.compile(
    r"add\s+(?:(?:up|together)\s+)?(?:the|both|all|these|those|our|my)\s+(?:\w+\s+){0,2}?(?:rents?|prices?|costs?|amounts?|totals?|hours|bills?|fees?|scores?|figures?|numbers?|weights?|lengths?|values?|times|distances?|salaries|wages|budgets?|invoices?|expenses|sums|counts?|populations?|areas?|results|points|quantities|charges|premiums?)\b(?!.*\b(?:to|into)\s+(?:the|our|my|his|her|their|a|an)\b)"
    r"|(?:average|double|triple|halve|square|round|total)\s+(?:it|them|that|those|these)$|apply\s+(?:it|that|this|the\s+\w+|them)\s+to\s+[$€£]?\d|(?:double|halve|round|deduct|subtract|raise|increase|reduce|cut|take|add)\s+[$€£]?\d"
)

# Set side by side, put in other words, asked to be told, or talked about.
_MORE_WORDS: Final = tuple(
    re.compile(one)
    for one in (
        r"(?:put|set|hold|lay|place|line)\s.*\b(?:(?:next\s+to|beside|against)\s+(?:each\s+other|one\s+another|.*\b(?:rules?|polic(?:y|ies)|guides?|manual|report|contract|agreement|law|directive|statutes|plan|quote|terms)\b)|in\s+(?:ascending\s+|descending\s+)?order|in\s+one\s+(?:table|sum)|head\s+to\s+head|from\s+\w+\s+to\s+lowest)\b",
        r"put\s+.*\binto?\s+(?:\w+\s+){0,2}words\b|turn\s+.*\binto\s+(?:plain\w*\s|\w+\s+english|something\b|(?:\w+\s+){0,2}(?:bullet|points|sentences|words|draft|summary|verse)\b|a\s+(?:draft|summary|poem|table)\b)",
        r"order\s+.*\b(?:by\s+(?:the\s+)?(?:\w+\s+)?(?:number|price|size|time|date|name|weight|length|age|cost|costs|year|rank|distance|height|capacity)|\w{3,}est\s+first|from\s+(?:the\s+)?(?:\w{2,}est|least|most|best|worst|low|high|cheap|small|large|old|new)\b.{0,30}\bto\s+(?:the\s+)?(?:\w{2,}est|least|most|best|worst|low|high|dear|expensive)\b)",
        r"(?:talk|walk|lead|guide|take)\s+(?:me|us)\s+through\b|say\s+(?:which|what|who|whether|how|why|when|where)\b|subtract\s+.{1,40}\s+from\s+(?:it|that|this|them|both|[$€£]?\d|the\s+(?:total|sum|result|reading|figure|number|amount)\b)|check\s+(?:whether|if|that)\b",
        r"let\s+(?:me|us)\s+(?:see|know|have|hear|read|look)\b|run\s+(?:me|us)\s+through\b|remind\s+(?:me|us)\s+(?:what|who|when|where|how|which|of|about|whether)\b",
        r"(?:telling|letting|giving)\s+(?:me|us)\b|(?:forgive|pardon|excuse)\s+(?:me|us|my|the)\b|ignore\s+(?:me|us|my|that|this|the\s+(?:above|last)|all\s+(?:the\s+)?(?:above|previous))\b|forget\s+(?:it|that|about\s+(?:it|that))\b",
        r"(?:create|book|make|send|order|post|delete|change|move|touch|publish|buy|cancel|do|remove|start)\s+(?:no|nothing|nobody|none)\b",
        r"(?:email|e-mail|phone|restart|rollback|purchase|commission|print|record|order|release|reboot|reset|backup|restore|upgrade|queue)\s+(?:addresses|address|dates?|threshold|counters?|steps?|rates?|queue|high|low|history|costs?|number|policy|limits?|fees?|period|count|procedure|instructions|confirmation|status|numbers|\d+\s+-)(?!\s+to\b)",
        r"(?:deposit|phone|limit|queue|email)\s+(?:of|in|at|for)\s|page\s+(?:\d|one|two|three)|top\s+(?:\d|two|three|four|five|ten)\b",
        r"keep\s+(?:it|this|them)\s+(?:in\s+(?:the\s+|your\s+)?(?:drafts?|drawer)|for\s+now)\b|word\s+(?:a|an|the|it|this)\b|(?:phrase|shorten)\s+(?:this|it|the\s+following)\b(?!\s+to\s+\d)",
        r"apply\s+(?:the\s+)?[\w\s'-]{0,40}\b(?:clause|bylaw|rules?|discount|tariff|rate|formula|article|criteria)\b|split\s+[$€£]?\d|scale\s+.{1,30}\s+(?:portions|people|servings|guests)\b",
        r"take\s+(?:it|that|this)\s+off\s+[$€£]?\d|take\s+off\s+the\s+(?:excess|discount|deductible|vat|tax|rebate)\b|take\s+the\s+(?:\w+\s+){0,2}(?:rate|figure|number|price|value|dose|date)\b.*\boff\s+the\b",
        r"add\s+it\s+all\s+up\b|add\s+the\s+(?:\w+\s+)?(?:counters|seats|budgets?|readings|visitors)\b|pull\s+(?:the\s+)?[\w\s]{3,60}\b(?:hours|records?|survey|permit|history|statistics)\b",
    )
)


def orders_nothing(plain: str) -> bool:
    """Tell whether nothing is changed by what a clause asks, whatever verb it begins with."""
    if any(one.match(plain) for one in (_ONLY_WORDS, _QUANTITIES, *_MORE_WORDS)):
        return True
    return bool(_SPOKEN_OF.search(plain))
