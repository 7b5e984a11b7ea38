"""Where a text may be cut: never inside what a person sees as one character (UAX 29).

A few rare prefixes (U+0600 and its like) are not known here and may be cut off.
"""

import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_VIRAMA_CLASS: Final = 9
# Thai and Lao AM and half-width sound marks extend, though they are letters by category.
_ODD_EXTENDERS: Final = frozenset({0x0E33, 0x0EB3, 0xFF9E, 0xFF9F})
# Further back than any real character reaches; hostile ones are cut in the middle.
_FURTHEST: Final = 128


def is_boundary(text: str, at: int) -> bool:
    """Tell whether `text` may be cut before `text[at]`."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before < "\u0300" and after < "\u0300":
        return not (before == "\r" and after == "\n")
    if unicodedata.category(before) in ("Cc", "Zl", "Zp"):
        return True
    return not (
        _extends(after)
        or _joins(before, after)
        or _inside_conjunct(text, at)
        or _inside_flag(text, at)
    )


def cut_at_most(text: str, start: int, at: int) -> int:
    """Return the last boundary in `(start, at]`; `at` itself when there is none near."""
    for one in range(at, max(start, at - _FURTHEST), -1):
        if is_boundary(text, one):
            return one
    return at


def _extends(after: str) -> bool:
    if after == _JOINER or after == "\u200c":
        return True
    code = ord(after)
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F or code in _ODD_EXTENDERS:
        return True
    return unicodedata.category(after) in ("Mn", "Me", "Mc")


def _joins(before: str, after: str) -> bool:
    """Emoji sequences, and Hangul written in its parts."""
    if before == _JOINER:
        return unicodedata.category(after) in ("So", "Sk", "Lo", "Sm")
    first, second = _hangul(before), _hangul(after)
    return second in {"L": ("L", "V", "S"), "V": ("V", "T"), "S": ("V", "T"), "T": ("T",)}.get(
        first, ()
    )


def _hangul(one: str) -> str:
    code = ord(one)
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    return "S" if 0xAC00 <= code <= 0xD7A3 else ""


def _inside_conjunct(text: str, at: int) -> bool:
    """Indic consonants with a virama between them, and perhaps other marks, are one."""
    if unicodedata.category(text[at]) != "Lo":
        return False
    for one in range(at - 1, max(-1, at - 1 - _FURTHEST), -1):
        if unicodedata.combining(text[one]) == _VIRAMA_CLASS:
            return True
        if not _extends(text[one]):
            return False
    return False


def _inside_flag(text: str, at: int) -> bool:
    """Flags are pairs of regional indicators: a cut after an odd number of them is inside one."""
    run = 0
    while run <= at - 1 and run < _FURTHEST and _regional(text[at - 1 - run]):
        run += 1
    return run % 2 == 1 and _regional(text[at])


def _regional(one: str) -> bool:
    return 0x1F1E6 <= ord(one) <= 0x1F1FF
