"""One key for the forms of a word and for its synonyms; two words with one key may stand for each other."""

import re
from functools import cache
from importlib.resources import files
from typing import Final

_IRREGULAR: Final = {
    form: word
    for word, forms in {
        "keep": "kept", "send": "sent", "pay": "paid pays paying", "buy": "bought", "take": "took taken taking",
        "give": "gave given giving", "get": "got gotten getting", "make": "made making", "choose": "chose chosen choosing",
        "write": "wrote written writing", "find": "found", "begin": "began begun beginning", "lose": "lost losing",
        "leave": "left leaving", "hold": "held", "bring": "brought", "teach": "taught", "tell": "told", "sell": "sold",
        "run": "ran running", "see": "saw seen", "know": "knew known", "grow": "grew grown", "speak": "spoke spoken",
        "break": "broke broken", "drive": "drove driven", "eat": "ate eaten", "fall": "fell fallen", "build": "built",
        "spend": "spent", "lend": "lent", "child": "children", "person": "persons", "man": "men", "woman": "women",
        "foot": "feet", "tooth": "teeth", "mouse": "mice", "half": "halves", "shut": "shutting", "put": "putting",
        "withdraw": "withdrew withdrawn", "freeze": "froze frozen", "steal": "stole stolen", "go": "went gone goes going",
        "do": "done doing", "happen": "happens happened happening", "wear": "wore worn", "swap": "swapped swapping",
        "submit": "submitted submitting submission", "reset": "resetting resets", "cancel": "cancelled cancelling canceled canceling",
        "hide": "hid hidden", "win": "won", "meet": "met", "feed": "fed", "catch": "caught", "think": "thought",
    }.items()
    for form in forms.split()
}  # fmt: skip
_ENDED: Final = re.compile(r"(?P<ied>[^aeiou])ied$|(?P<stem>.*[aeiouy].*)ed$")
_DOUBLED: Final = re.compile(r"([bdgmnprt])\1$")
# Behind one vowel and one consonant, or such an end, stood an "e": "store" of "stored".
_WITH_E: Final = re.compile(
    r"(?:^|[^aeiou])[aeiouy][^aeiouwxy]$|[^aeiou][cvsz]$|[aeiou]{2}[cvz]$|(?:dg|rg|chang|arrang|challeng|[bcdgkpt]l|us)$"
)
_SYLLABLE: Final = re.compile(r"[aeiouy]+")
_NUMBERS: Final = {
    word: str(number)
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"])
} | {word: str(10 * number) for number, word in enumerate(
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)} | {
    word: f"{number}th" for number, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1) if word != "second"
}  # fmt: skip
_ORDINAL: Final = re.compile(r"(\d+)(?:st|nd|rd|th)")


@cache
def key_of(word: str) -> str:
    """Return the key of a word in small letters."""
    if found := _ORDINAL.fullmatch(word):
        return f"{found[1]}th"
    if word in _NUMBERS:
        return _NUMBERS[word]
    if not (word.isascii() and word.isalpha()):
        return word
    return _groups().get(_base(word)) or _base(word)


def _base(word: str) -> str:
    """Take off what only inflects: what makes another word of it (train, training, trainer) stays."""
    word = _IRREGULAR.get(word, word)
    if len(word) <= 3:
        return word
    if found := _ENDED.search(word):
        return _silent(f"{word[:-3]}y" if found["ied"] else _unended(found["stem"]))
    if word.endswith("ies") and len(word) > 4:
        return _silent(f"{word[:-3]}y")
    if re.search(r"(?:sh|[^a]ch|ss|x|zz)es$", word):
        return _silent(word[:-2])
    if re.search(r"[^suai]s$|[ai][^us]s$", word) and not word.endswith("ss"):
        return _silent(word[:-1])
    return _silent(word)


def _unended(stem: str) -> str:
    if _DOUBLED.search(stem):
        return stem[:-1]
    return f"{stem}e" if _WITH_E.search(stem) else stem


def _silent(word: str) -> str:
    """A last "e" of a longer word is heard in none of its forms, and told from none of them."""
    long = len(_SYLLABLE.findall(word.removesuffix("e"))) > 1
    return word.removesuffix("e") if long else word


@cache
def _groups() -> dict[str, str]:
    found: dict[str, str] = {}
    text = (files("graph.caching") / "same_words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            first, *_ = words = line.split()
            found |= {_base(one): f"={first}" for one in words}
    return found


def to_do(word: str) -> str:
    """Return the verb behind "to": "steps to installing" are those to install."""
    if not word.endswith("ing") or len(word) < 6:
        return word
    return _unended(word.removesuffix("ing"))


def is_participle(word: str) -> bool:
    """Whether it may stand behind "is" for what was done: kept, stored."""
    return word.endswith("ed") or (word in _IRREGULAR and not word.endswith(("ing", "s")))
