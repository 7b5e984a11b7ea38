"""Names that a text says are one thing: acronyms with their words, and what is "also called" so."""

import re
from collections.abc import Iterator
from typing import Final

from kb_contract.asking_words import only_asks
from kb_contract.entity_names import folded

JOINT: Final = r"(?:of|for|and|the|de|der|van|von|to|in|&)"
_SHORT: Final = r"([A-Z][A-Z&]{1,9})"
_WORDS: Final = r"((?:[\w'\u2019&-]+ ){1,7}[\w'\u2019-]+)"
_AFTER: Final = re.compile(r"((?:[\w'\u2019-]+ ){1,7}[\w'\u2019-]+) \(([A-Z][A-Z&]{1,9})s?\)")
_BEFORE: Final = re.compile(r"\b([A-Z][A-Z&]{1,9}) \(([A-Za-z][\w ,'\u2019-]{4,80})\)")
# Glossaries, lists of definitions and rows of tables; what is no acronym of the words is none of them.
_MARK: Final = r"[*_`\"\u201c\u201d]{0,3}"
_SAYS: Final = rf"{_MARK}\s?(?:[|:=\u2013\u2014-]|\n[:~]|is short for|stands for|means)\s*{_MARK}(?:an? |the )?{_MARK}"
_DEFINED: Final = re.compile(rf"\b{_SHORT}{_SAYS}{_WORDS}")
_TURNED: Final = re.compile(rf"\b{_WORDS}{_MARK}\s?[|:=\u2013\u2014-]\s*{_MARK}{_SHORT}\b")
# What _AFTER and _TURNED end in, which is found at once; words before it could begin anywhere.
_SHORT_AFTER: Final = re.compile(rf" \({_SHORT}s?\)")
_SHORT_TURNED: Final = re.compile(rf"[|:=\u2013\u2014-]\s*{_MARK}{_SHORT}\b")
_CALLED: Final = re.compile(
    r"(?:[,(\u2013\u2014]|\b(?:is|are))\s*(?:(?:which|that) (?:is|are) )?"
    r"(?:(?:also|sometimes|often|otherwise|formerly|previously|commonly|better)\s+"
    r"(?:called|known as|referred to as|named)|a\.k\.a\.|aka)\s+",
    re.IGNORECASE,
)
_MARKED: Final = r"[*_`\"\u201c]{1,3}([^*_`\"\u201c\u201d\n]{2,60})[*_`\"\u201d]{1,3}"
_MARKED_BEFORE: Final = re.compile(rf"{_MARKED}\s*$")
_MARKED_AFTER: Final = re.compile(rf"(?:an? |the )?{_MARKED}")
_PLAIN_BEFORE: Final = re.compile(
    r"(?:\b(?:an?|the|our|your|each|every|any|this)\s+|^[\s>*+-]*|[.!?:]\s+)"
    r"((?:[\w'\u2019-]+ ){0,3}[\w'\u2019-]+)\s*$",
    re.IGNORECASE,
)
_PLAIN_AFTER: Final = re.compile(
    r"(?:an? |the )?((?:[\w'\u2019-]+ ){0,3}[\w'\u2019-]+)(?=\s*(?:[.,;:)\n\u2013\u2014]|$|or\b|and\b))"
)
_FEW: Final = 4
_REACH: Final = 120
# Characters: more than anybody shortens to an acronym.
_EIGHT_WORDS: Final = 300


def same_names(text: str) -> list[tuple[str, str]]:
    """Return pairs of names, folded, in the order in which they are said; an acronym stands first."""
    pairs = [(folded(one), folded(other)) for one, other in (*acronyms(text), *synonyms(text))]
    return [(one, other) for one, other in dict.fromkeys(pairs) if one and other and one != other]


def acronyms(text: str) -> Iterator[tuple[str, str]]:
    """Acronyms with the words that they are made of."""
    pairs = [(one[2], _last_words(one[2], one[1]))
             for one in _found(_AFTER, text, _SHORT_AFTER)]  # fmt: skip
    pairs += [(one[1], one[2] if stands_for(one[1], one[2]) else "")
              for one in _BEFORE.finditer(text)]  # fmt: skip
    pairs += [(one[1], _first_words(one[1], one[2])) for one in _DEFINED.finditer(text)]
    pairs += [(one[2], _last_words(one[2], one[1]))
              for one in _found(_TURNED, text, _SHORT_TURNED)]  # fmt: skip
    yield from dict.fromkeys((short, long) for short, long in pairs if long)


def _found(words: re.Pattern[str], text: str, end: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Find words before each such end; where it is not, nothing is looked for."""
    done = 0
    for hit in end.finditer(text):
        for one in words.finditer(text, max(done, hit.start() - _EIGHT_WORDS), hit.end()):
            done = one.end()
            yield one


def synonyms(text: str) -> Iterator[tuple[str, str]]:
    """Names with what they are called as well."""
    for said in _CALLED.finditer(text):
        line = text.rfind("\n", 0, said.start()) + 1
        before = text[max(line, said.start() - _REACH) : said.start()].rstrip(" ,(")
        name, other = _name_before(before), _name_after(text[said.end() : said.end() + _REACH])
        if name and other:
            yield name, other


def stands_for(short: str, long: str) -> bool:
    """Whether an acronym is made of the initials of words, with or without the small ones."""
    letters = short.replace("&", "").lower()
    words = re.split(r"[ -]+", long.lower())
    strong = [one for one in words if not re.fullmatch(JOINT, one)]
    return letters in ("".join(one[:1] for one in words), "".join(one[:1] for one in strong))


def _last_words(short: str, before: str) -> str:
    """Return the last words whose initials the acronym is."""
    words = before.split()
    runs = (" ".join(words[start:]) for start in range(len(words) - 1, -1, -1))
    return next((run for run in runs if stands_for(short, run)), "")


def _first_words(short: str, after: str) -> str:
    words = after.split()
    runs = (" ".join(words[:end]) for end in range(1, len(words) + 1))
    return next((run for run in runs if stands_for(short, run)), "")


def _name_before(text: str) -> str:
    marked = _MARKED_BEFORE.search(text)
    plain = None if marked else _PLAIN_BEFORE.search(text)
    return _a_name((marked or plain or [""] * 2)[1])


def _name_after(text: str) -> str:
    found = _MARKED_AFTER.match(text) or _PLAIN_AFTER.match(text)
    return _a_name(found[1]) if found else ""


def _a_name(said: str) -> str:
    """Take a few words that tell something; "it" and "this" are no names."""
    words = said.split()
    return said if 0 < len(words) <= _FEW and not only_asks(said) else ""
