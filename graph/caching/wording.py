"""Ways to ask one thing, put into one way: a closed list, and all else in a question is left as it is.

A rewrite stands here only where what it makes of any question is asked by nobody who means something else.
"""

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
    # What ends a sentence; "5!" is not 5.
    (r"(?:\s+\?+|(?<=[^\W\d])[?.!…]+|(?<=\d)[?.…]+|(?<=[)\]'\"%])\?+)\s*$", ""),
    (r"^\s*[¿¡]\s*", ""),
)
_PLAIN: Final = _rewrites(
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"(?<=\d)\s*(?:%|per ?cent\b)", " percent "),
    (r"(?<![\w.])(\d+)(?=(?:am|pm|kg|km|gb|mb|tb|kb|cm|mm|ms|hrs?|mins?|secs?|k|m|s|h)\b)", r"\1 "),
    (r"\s+", " "),
)
# Behind these, "'s" may be "has": "who's approved the budget".
_DONE: Final = (
    r"(?! (?:\w+(?:ed|en|wn)|been|got|gone|had|done|left|made|come|become|put|set|cut|hit|run|sent|built|kept|paid"
    r"|held|met|led|lost|won|sold|told|bought|brought|caught|taught|found)\b)"
)  # fmt: skip
_STATE: Final = (
    r"(?:included|required|needed|allowed|permitted|covered|recommended|supported|expected|meant)\b"
)
_CONTRACTIONS: Final = _rewrites(
    (r"\bcan't\b|\bcannot\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"\bshan't\b", "shall not"),
    (r"\b(do|does|did|is|are|was|were|has|have|had|must|should|could|would|need|might)n't\b", r"\1 not"),
    (rf"\bwhat's (?={_STATE})", "what is "),
    (rf"\b(what|who|where|when|how|why|that|there|it|he|she|here)'s\b{_DONE}", r"\1 is"),
    (rf"\b(what|how|who)s\b{_DONE}", r"\1 is"),
    (r"\b(what|who|where|when|how|why|they|we|you)'re\b", r"\1 are"),
    (r"\bi'm\b", "i am"),
    (r"\b(i|we|you|they|he|she|it|who|what)'ll\b", r"\1 will"),
    (r"\b(i|we|you|they|who)'ve\b", r"\1 have"),
)  # fmt: skip
_ASKS: Final = (
    r"(?:what|who|whom|whose|where|when|why|which|how|is|are|was|were|am|do|does|did|can|could|may|must|should|will"
    r"|would|has|have|please|in|on|at)\b"
)  # fmt: skip
_GREETING: Final = (
    r"(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: (?:there|all|team|everyone))?"
)
_TAILS: Final = _rewrites(
    (r"\s*[,;.!?-]\s*(?:many )?(?:thanks|thank you|thx|cheers)(?: (?:in advance|a lot))?$", ""),
    (r"(?:\s*[,;.!?-])?\s+(?:please|pls|plz)$", ""),
    (r"(?:(?<=\w)[,;?]+|(?<=[^\W\d])[.!]+|(?<=[)\]'\"%])[,;?.!]+|\s+\?+)$", ""),
)
_LEADS: Final = _rewrites(
    (rf"^{_GREETING}(?:\s*[,!.:-]+\s*|\s+(?={_ASKS}))", ""),
    (r"^dear \w+,\s*", ""),
    (r"^(?:sorry|excuse me|ok|okay|well|so|um)\s*,\s*", ""),
    (r"^(?:please|pls|kindly)\b[\s,]+", ""),
    (r"^(?:(?:a |one )?(?:quick|short|simple) question|question)\s*[:,.-]\s*", ""),
)
_PART: Final = r"(?=(?:what|who|whom|whose|where|when|why|which|how|if|whether|the|my|our|your|at|in|on|for)\b)"
# Behind these a question stands as a part of a sentence: "where the office is".
_WITHIN: Final = _rewrites(
    (rf"^(?:can|could|would|will) (?:you|someone|anyone|somebody|anybody)(?: please| kindly)? (?:tell|remind|inform) (?:me|us),? {_PART}", ""),
    (rf"^(?:(?:can|could|would|will) you(?: please| kindly)? )?let (?:me|us) know,? {_PART}", ""),
    (rf"^(?:tell|remind|inform) (?:me|us),? {_PART}", ""),
    (r"^show me (?=how )", ""),
    (r"^(?:(?:can|could|would|will) you(?: please| kindly)? )?explain (?:to (?:me|us) )?(?=(?:what|where|when|why|how)\b)", ""),
    (rf"^(?:do|does) (?:you|anyone|anybody|someone)(?: happen to)? know {_PART}", ""),
    (rf"^(?:i|we)(?: would|'d) (?:like|love) to (?:know|find out) {_PART}", ""),
    (rf"^(?:i|we) (?:want|need|wish) to (?:know|find out) {_PART}", ""),
    (rf"^(?:i am|we are|i was|we were)(?: just)? wondering,? {_PART}", ""),
    (rf"^i wonder,? {_PART}", ""),
)  # fmt: skip
_ABLE: Final = "can|could|should|must|may|might|will|would|am|is|are|was|were"
_AUXILIARY: Final = rf"(?:{_ABLE}|do|does|did|has|have)"
_UPRIGHT: Final = _rewrites(
    (rf"^(?:if|whether) (i|we|it|you|they|there) ({_ABLE}) ", r"\2 \1 "),
    (rf"^(how(?: \w+)?|where|when|why|what|who|whom) (i|we) ({_ABLE}) ", r"\1 \3 \2 "),
    (rf"^(how (?:often|long|big|old|far)|how(?! (?:many|much|few|little)\b)|where|when|why) ((?!often\b)(?:(?!\b(?:{_ABLE})\b).)+) ({_ABLE}) (?=\w)", r"\1 \3 \2 "),
    (rf"^(what|who) ((?:the|a|an|my|our) (?:(?!\b(?:{_ABLE})\b).)+) ({_ABLE}) (?=\w)", r"\1 \3 \2 "),
    (rf"^(how|where|when|why|what) (i|we) (?!(?:{_ABLE}|do|did|have|had)\b)", r"\1 do \2 "),
    (rf"^(where|what|who|when|how (?:much|long|big|old|far)) ((?:(?!\b(?:{_ABLE})\b).)+) (is|are|was|were)$", r"\1 \3 \2"),
    (r"^(when|where|why|how|what|how (?:long|often|much)) ((?:the|a|an|my|our) .+) (\w+(?:sh|ch|ss|x|zz|o))es$", r"\1 does \2 \3"),
    (r"^(when|where|why|how|what|how (?:long|often|much)) ((?:the|a|an|my|our) .+) (\w+)ies$", r"\1 does \2 \3y"),
    (r"^(when|where|why|how|what|how (?:long|often|much)) ((?:the|a|an|my|our) .+) (\w+[^s])s$", r"\1 does \2 \3"),
)  # fmt: skip
_SOMEBODY: Final = r"(?:i|we|(?:the|a|an|my|our) [\w-]+|(?!always\b)[\w-]+s)"
# "How long do I have to file" asks for the time that there is, "how many do I need to win" for a condition.
_WHEN: Final = r"(?:(?:when|where|why|how often) )?"
_OWN: Final = (
    r"(?:name|size|price|cost|colou?r|length|height|width|depth|weight|age|location|address|(?:tele)?phone number"
    r"|opening hours|deadline|notice period|purpose|capacity|owner|author|title|duration)"
)  # fmt: skip
_MONTH: Final = (
    "(january|february|march|april|may|june|july|august|september|october|november|december)"
)
_PHRASES: Final = _rewrites(
    # A condition, a day, a place that is said first.
    (rf"^((?:if|when|unless|after|before|above|below|during|on|in|at|for|with|without|under) [^,?:;]+), ({_ASKS}.+)$", r"\2 \1"),
    (r",(?= (?:if|when|unless|while|because|and|or|but)\b)", ""),
    (rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}\b", r"\2 \1"),
    (rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,(?= \d{{4}}\b))?", r"\1 \2"),
    # One word for those that ask.
    (r"\bwhom\b", "who"),
    (r"\b(?:which|what) person\b", "who"),
    (r"\bfor (?:what|which) reason\b", "why"),
    (rf"^(at|on|in|for|to|from|with|by) (who|(?:which|what) \w+) ({_AUXILIARY} .+)$", r"\2 \3 \1"),
    (rf"\bwhich (?!{_AUXILIARY}\b)(\w+) (?={_AUXILIARY}\b)", r"what \1 "),
    (r"\bhow frequently\b", "how often"),
    (rf"\bfor how long\b|\bhow much time(?= {_AUXILIARY}\b)", "how long"),
    (rf"\bhow large(?= {_AUXILIARY}\b)", "how big"),
    (r"\bhow much (does|do|did|will|would) ([^,]+) cost$", r"what \1 \2 cost"),
    (r"^what (?:do|does) (.+) mean$", r"what is the meaning of \1"),
    (r"^what (?:is|are) meant by ", "what is the meaning of "),
    # Ways to ask for a way.
    (r"^what (?:are|is) the (?:steps?|way|procedure|process) to (?!(?:follow|take|go|use|be)\b)", "how to "),
    (r"^(?:the )?steps to ", "how to "),
    (r"^how does one ", "how to "),
    (r"^how (?:do|can|could(?! \w+ have\b)) (i|we) ", r"how \1 "),
    (r"^where (?:do|can) (?:i|we) find (.+)$", r"where is \1"),
    # Permission and obligation.
    # Of what is no person, "may" says what is possible.
    (rf"^({_WHEN})(?:am|are) (i|we) (?:allowed|permitted) to ", r"\1may \2 "),
    (r"^who (?:is|are) (?:allowed|permitted) to ", "who may "),
    (rf"^({_WHEN})(?:do|does) ({_SOMEBODY}) (?:have|need) to (?!not\b)", r"\1must \2 "),
    (rf"^({_WHEN})(?:am|is|are) ({_SOMEBODY}) (?:required|obliged) to (?!not\b)", r"\1must \2 "),
    (r"^who (?:has|have) to (?!not\b)", "who must "),
    (r"^(when|what time) (does|do|did|will|must|may) (.+) (?:start|commence)$", r"\1 \2 \3 begin"),
    (r"\b(i|we|you|how to) purchase\b", r"\1 buy"),
    # Whose it is, and words that are one.
    (rf"\bthe ({_OWN}) of (the|my|our|your) ((?:(?!{_AUXILIARY}\b|of\b|in\b|for\b|on\b)[\w-]+ ?){{1,2}})$", r"\2 \3's \1"),
    (r"\bwho (is|are) in charge of\b", r"who \1 responsible for"),
    (r"\bper (second|minute|hour|day|night|week|month|quarter|year)\b", r"a \1"),
    (r"\bset up\b", "setup"),
    (r"\blog in(?= to\b|$)", "login"),
    (r"\bback up\b", "backup"),
    (r"\bget in touch with\b", "contact"),
)  # fmt: skip


def as_written(question: str) -> str:
    """Return the question with one kind of each mark and without its end."""
    return _through(_MARKS, question).strip()


def plainly(question: str) -> str:
    """Return the question with its numbers written in one way, in the letters that it was written in."""
    return _through(_PLAIN, as_written(question)).strip()


def reworded(question: str) -> str:
    """Return the question in small letters and in the words that all of its kind are compared in."""
    text = _through(_CONTRACTIONS, plainly(question).lower())
    for _ in range(3):  # one introduction may stand before another
        text = _through(_LEADS, _through(_TAILS, text)).strip()
        asked = _through(_WITHIN, text)
        text = text if asked == text else _upright(asked)
    return re.sub(r"\s+", " ", _through(_PHRASES, text)).strip()


def _upright(text: str) -> str:
    """Turn a question within a sentence into one of its own."""
    for pattern, instead in _UPRIGHT:
        found, often = pattern.subn(instead, text)
        if often:
            return found
    return text


def _through(rewrites: tuple[Rewrite, ...], text: str) -> str:
    for pattern, instead in rewrites:
        text = pattern.sub(instead, text)
    return text
