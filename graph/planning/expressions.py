"""Arithmetic on a value that an earlier step will find: "20 % of it", "for a 410 km trip"."""

import re
from typing import Final

_N: Final = r"(?P<n>\d[\d,]*(?:\.\d+)?)"
# The first that fits; {s} is the name of the step, {n} the number in the question.
_FORMS: Final = tuple(
    (re.compile(pattern), form)
    for pattern, form in (
        (rf"{_N}\s*(?:%|percent|per\s+cent)\s+(?:off|discount|less|reduction|cheaper)", "{s} * (100 - {n}) / 100"),
        (rf"\b(?:add|plus|increased?\s+(?:it\s+)?by|raise[sd]?\s+by|with)\s+{_N}\s*(?:%|percent|per\s+cent)", "{s} * (100 + {n}) / 100"),
        (rf"\b(?:reduced?|lowered?|cut|decreased?)\s+(?:it\s+)?by\s+{_N}\s*(?:%|percent|per\s+cent)", "{s} * (100 - {n}) / 100"),
        (rf"{_N}\s*(?:%|percent|per\s+cent)\s+of\b", "{s} * {n} / 100"),
        (rf"\b(?:multiply|multiplied)\b.*\bby\s+{_N}|(?P<m>\d[\d,.]*)\s+times\b", "{s} * {n}"),
        (rf"\btimes\s+{_N}", "{s} * {n}"),
        (rf"\b(?:divide|divided|split)\b.*\b(?:by|among|between)\s+{_N}", "{s} / {n}"),
        (rf"\b(?:add|plus)\s+{_N}\b", "{s} + {n}"),
        (rf"\b(?:subtract|minus|deduct|less)\s+{_N}\b", "{s} - {n}"),
        (rf"\bfor\s+(?:a\s+|an\s+|the\s+)?(?:\w+\s+of\s+)?{_N}\s*-?\s*[a-z]+", "{s} * {n}"),
    )
)  # fmt: skip


_WORDS: Final = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
# A year says which value is meant; nobody computes with it.
_YEAR: Final = re.compile(
    r"\b(?P<link>in|since|until|before|after|during|from|of|for|year)\s+(?:19|20)\d\d\b"
    r"(?=\s*(?:$|[?.,;)]|(?:in|to|and|or|is|was|by|with|per|for|total|altogether)\b))"
)


def expression_of(plain: str, step: str) -> str:
    """Return the arithmetic that a folded clause asks to do with the step's value, or nothing."""
    plain = _YEAR.sub(r"\g<link> then", plain)
    plain = re.sub(r"\b\w+\b", lambda word: _WORDS.get(word[0], word[0]), plain)
    for pattern, form in _FORMS:
        found = pattern.search(plain)
        if found and len(re.findall(r"\d[\d,.]*", plain)) == 1:
            number = found["n"] or found.groupdict().get("m") or ""
            return form.format(s=step, n=number.replace(",", "").rstrip("."))
    return ""
