"""One spelling for a word that is written in several ways, and digits for numbers in words."""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

_SMALL: Final = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_PLACES: Final = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]  # fmt: skip
# "One" is anybody too, so it is no number here.
_NUMBERS: Final = {
    **{word: str(number) for number, word in enumerate(_SMALL, 2)},
    **{word: str(10 * number) for number, word in enumerate(_TENS, 2)},
    **{word: f"{number}th" for number, word in enumerate(_PLACES, 1)},
}
_PLACE: Final = re.compile(r"(\d+)(?:st|nd|rd|th)")
_COUNTED: Final = re.compile(r"([a-z]+)-([a-z][a-z-]*)")
# Stems of which the British and the American spelling are one word.
_FAMILIES: Final = tuple(
    (re.compile(rf"({stems}){ours}({ends})"), rf"\1{theirs}\2")
    for stems, ours, ends, theirs in (
        (
            "anonym|apolog|author|capital|categor|central|character|critic|custom|digit|emphas|final|general|harmon"
            "|hospital|immun|initial|legal|local|maxim|memor|minim|modern|monet|neutral|normal|optim|organ|personal"
            "|priorit|privat|pseudonym|random|rational|real|recogn|serial|special|stabil|standard|steril|subsid"
            "|summar|symbol|synchron|token|util|virtual|visual",
            "is", "e|es|ed|ing|er|ers|ation|ations", "iz",
        ),
        ("arm|behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|od|rum|sav|vap", "our", r"\w*", "or"),
        ("cancel|channel|counsel|dial|fuel|label|level|model|panel|signal|total|travel|tunnel", "l", "ed|ing|er|ers", ""),
    )
)  # fmt: skip


@lru_cache(16_384)
def spelled(word: str) -> str:
    """Return the one spelling of a word in small letters."""
    if found := _PLACE.fullmatch(word):
        return f"{found[1]}th"
    if word in _NUMBERS:
        return _NUMBERS[word]
    if (found := _COUNTED.fullmatch(word)) and found[1] in _NUMBERS:
        return f"{_NUMBERS[found[1]]}-{spelled(found[2])}"
    for written, instead in _FAMILIES:
        if written.fullmatch(word):
            word = written.sub(instead, word)
    return _groups().get(word, word)


@cache
def _groups() -> dict[str, str]:
    text = (files("graph.caching") / "same_words.txt").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {word: first for first, *others in lines for word in (first, *others)}
