"""Says the same thing in the same words: what only introduces, contracts or circumscribes a question goes."""

import re
from typing import Final

Rewrite = tuple[re.Pattern[str], str]


def _rewrites(*pairs: tuple[str, str]) -> tuple[Rewrite, ...]:
    return tuple((re.compile(pattern), instead) for pattern, instead in pairs)


_MARKS: Final = _rewrites(
    ("[\u2018\u2019\u02bc`\u00b4]", "'"),
    ("[\u201c\u201d\u00ab\u00bb]", '"'),
    ("[\u2010-\u2015\u2212]", "-"),
    (r"\s+", " "),
)
_PLAIN: Final = _MARKS + _rewrites(
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"(?<=\d)\s*%", " percent "),
    (r"(?<![\w.])(\d+)(?=(?:am|pm|kg|km|gb|mb|tb|kb|cm|mm|ms|hrs?|mins?|secs?|k|m|s|h)\b)", r"\1 "),
    (r"\s+", " "),
)
_CONTRACTIONS: Final = _rewrites(
    (r"\bcan't\b|\bcannot\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"\bshan't\b", "shall not"),
    (r"\b(\w+)n't\b", r"\1 not"),
    (r"\b(what|who|where|when|how|why|that|there|it|he|she|here)'s\b", r"\1 is"),
    (r"\b(what|who|where|when|how|why|they|we|you)'re\b", r"\1 are"),
    (r"\b(i)'m\b", r"\1 am"),
    (r"\b(i|we|you|they|he|she|it|who)'d\b", r"\1 would"),
    (r"\b(i|we|you|they|he|she|it|who|what)'ll\b", r"\1 will"),
    (r"\b(i|we|you|they|who)'ve\b", r"\1 have"),
    (r"(?<=\w)'s?(?=\W|$)", ""),
    (r"\bwhats\b", "what is"),
    (r"\bhows\b", "how is"),
    (r"\bwhos\b", "who is"),
)
_LEADS: Final = _rewrites(
    (r"^(?:hi|hello|hey|ok|okay|so|well|um|dear \w+)\b[\s,!.:-]+(?:there\b[\s,!.:-]+)?", ""),
    (r"^(?:and|but|also)\b[\s,]+", ""),
    (r"[,\s]+(?:please|pls|plz|thanks|thank you|thx|cheers)\b", ""),
    (r"^(?:please|pls|kindly)\b[\s,]+", ""),
    (r"^(?:(?:quick|short|one|simple|another|a quick) (?:question|one)|question|q)\s*[:,.-]\s*", ""),
    (r"^(?:can|could|would|will) (?:you|someone|anyone|somebody|anybody)(?: please| kindly)? (?:tell|show|remind|inform|explain to|let) (?:me|us)(?: know)?(?: about)?\s+", ""),
    (r"^(?:please )?(?:tell|show|remind|inform|let) (?:me|us)(?: know)?(?: about)?\s+", ""),
    (r"^(?:do|does|did) (?:you|anyone|anybody|someone) (?:happen to )?know\s+", ""),
    (r"^(?:i|we) (?:would like|want|need|wish|would love) to (?:know|find out|understand|learn)\s+", ""),
    (r"^(?:i|we) (?:am|are|was|were) (?:just )?(?:wondering|curious|trying to find out|not sure)(?: about)?\s+", ""),
    (r"^(?:i|we) (?:just )?wondered\s+", ""),
    (r"^(?:is there )?any(?:one|body)? (?:idea|clue)(?: of| about)?\s+", ""),
    (r"^(?:give me|give us|find out)\s+", ""),
    (r"^(?:if|whether) (?=(?:i|we|you|it|the|there|a|an)\b)", ""),
)  # fmt: skip
_DET: Final = r"(?:(?:the|a|an|my|our|your|their|its)\s+)?"
_WE: Final = r"(?:i|we|you|one)"
_PHRASES: Final = _rewrites(
    # Ways to ask for a way.
    (rf"\bwhat (?:is|are) {_DET}(?:way|ways|steps?|procedure|process|method) (?:to|for|of)\b", "how to"),
    (rf"\bwhat (?:steps?|actions?) (?:do|does|must|should|can) {_WE} (?:need to )?(?:take|follow|perform) to\b", "how to"),
    (rf"\bhow (?:can|could|do|does|would|should|shall|might|may|to|will) (?:{_WE}|someone|somebody)\b(?: go about| manage to)?", "how to"),
    (r"^(?:the )?(?:steps?|instructions?|way|procedure|process) (?:to|for|of)\b", "how to"),
    (r"\bhow to to\b", "how to"),
    # Ways to ask for a reason, a person, a moment, a place, a number.
    (r"\bhow come\b|\bfor what reasons?\b", "why"),
    (rf"\bwhat (?:is|are|was|were) {_DET}reasons? (?:for|why|that|behind)\b", "why"),
    (r"\b(?:which|what) (?:person|people)\b|\bwhom\b", "who"),
    (r"\b(?:at|in|to) (?:what|which) (?:place|location)\b|\bin what place\b", "where"),
    (rf"\b(?:what|which) (?:is|are) {_DET}(?:location|whereabouts) of\b", "where is"),
    (rf"\bwhat (?:is|are|was|were) {_DET}(?:total )?number of\b", "how many"),
    (r"\bhow frequently\b|\bat what intervals?\b|\bwith what frequency\b", "how often"),
    (rf"\bwhat (?:is|are|was|were) {_DET}frequency (?:of|for)\b", "how often"),
    (r"\bfor how long\b|\bhow much time\b|\bwhat length of time\b", "how long"),
    (rf"\bhow much (does|do|did|will|would) ({_DET}[\w\s-]+?) cost\b", r"what \1 price of \2"),
    (rf"\bwhat (does|do|did|will|would) ({_DET}[\w\s-]+?) cost\b", r"what \1 price of \2"),
    (r"\bhow (?:big|large) (is|are|was|were)\b", r"what \1 size of"),
    (r"\bhow old (is|are|was|were)\b", r"what \1 age of"),
    (r"\bhow (?:tall|high) (is|are|was|were)\b", r"what \1 height of"),
    (r"\bhow heavy (is|are|was|were)\b", r"what \1 weight of"),
    (r"\bhow far (is|are|was|were)\b", r"what \1 distance of"),
    # Obligation and permission.
    (r"\bis it (?:ok|okay|fine|alright|all right|allowed|permitted|permissible|acceptable) (?:for (?:me|us|you) )?to\b", "may i"),
    (rf"\b(?:am|is|are) ({_WE}|[\w\s-]+?) (?:allowed|permitted) to\b", r"may \1"),
    (r"\bis it (?:necessary|required|mandatory|compulsory|obligatory) (?:for (?:me|us|you) )?to\b", "must i"),
    (r"\b(?:am|is|are) (?:allowed|permitted) to\b", "may"),
    (rf"\b(?:do|does|did) ({_DET}[\w\s-]+?) (?:have|need) to\b", r"must \1"),
    (r"\b(?:has|have|had|need|needs) to\b", "must"),
    (r"\b(?:is|are|am) (?:required|obliged|obligated) to\b", "must"),
    (rf"\b(?:is|are) ({_DET}[\w-]+(?: [\w-]+)?) (?:required|needed|necessary|mandatory|compulsory|obligatory)\b", r"must \1"),
    (r"\b(?:is|are|be) (?:needed|required|necessary)\b|\b(?:do|does) (?:i|we|you|one) (?:need|require)\b", "must"),
    # Two words that are one.
    (r"\bper (second|minute|hour|day|night|week|month|quarter|year)\b", r"a \1"),
    (r"\be-?mails?\b", "email"),
    (r"\bset(?:ting)? up\b|\bset-up\b", "setup"),
    (r"\b(?:sign|log)(?:ging|ing)?[ -](?:in|on)\b", "login"),
    (r"\b(?:sign|log)(?:ging|ing)?[ -](?:out|off)\b", "logout"),
    (r"\bget in touch with\b", "contact"),
    (r"\bin charge of\b", "responsible for"),
    (r"\bget rid of\b", "remove"),
    (r"\btake place\b", "happen"),
    (r"\bgive back\b", "return"),
    (r"\bhand in\b|\bturn in\b|\bsend in\b", "submit"),
    (r"\bcarry out\b", "perform"),
    (r"\bfind out\b", "learn"),
    (r"\bdue date\b|\bcut-?off date\b", "deadline"),
    (r"\bas soon as possible\b", "asap"),
    (r"\bso that\b", "so"),
    # "Few" and "little" complain of it.
    (r"\ba few\b", "several"),
    (r"\ba little\b", "somewhat"),
    (r"\bno more than\b|\bnot more than\b|\bup to\b", "at most"),
    (r"\bno less than\b|\bnot less than\b|\bno fewer than\b", "at least"),
)  # fmt: skip


def as_written(question: str) -> str:
    """Return the question with one kind of each mark, and nothing else done to it."""
    return _through(_MARKS, question).strip()


def plainly(question: str) -> str:
    """Return the question without marks of its own, in the letters that it was written in."""
    return _through(_PLAIN, question).strip()


def reworded(question: str) -> str:
    """Return the question in small letters and in the words that all of its kind are compared in."""
    text = _through(_CONTRACTIONS, plainly(question).lower())
    for _ in range(2):  # one introduction may stand before another
        text = _through(_LEADS, text.strip())
    return re.sub(r"\s+", " ", _through(_PHRASES, text)).strip()


def _through(rewrites: tuple[Rewrite, ...], text: str) -> str:
    for pattern, instead in rewrites:
        text = pattern.sub(instead, text)
    return text
