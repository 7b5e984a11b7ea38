"""Superscripts and subscripts among words on one line, so that `10⁶` is not read as 106."""

import re
from typing import Final

# Readers put these around what stands higher or lower; no text may hold such signs.
RAISED: Final = "\x0e^"
LOWERED: Final = "\x0e_"
END: Final = "\x0f"
_FRACTION: Final = re.compile(r"\x0e\^(\d+)\x0f\s*[/⁄]\s*\x0e_(\d+)\x0f")  # noqa: RUF001 - documents hold this sign
_INNERMOST: Final = re.compile(r"\x0e(?P<mark>[\^_])(?P<words>[^\x0e\x0f]*)\x0f")
# Words that stand equally high one after the other are one, whatever parts them in a file.
_ONE_AFTER_ANOTHER: Final = re.compile(r"\x0e([\^_])[^\x0e\x0f]*+\x0f(?:\x0e\1[^\x0e\x0f]*+\x0f)+")
_DEEPEST: Final = 5
# A number, a charge or a variable; ends of words (2nd, 1er, No) and signs of notes are said as they are.
_EXPONENT: Final = re.compile(r"[+−–-](?:\Z|\s*\w)|\d|(?![aeor]\Z)[^\W\d_](?![^\W\d_])")  # noqa: RUF001 - as above
_SENTENCE: Final = re.compile(r"\s[^\W\d_]{2}")
_SIMPLE: Final = re.compile(r"[+−–-]?\w*")  # noqa: RUF001 - as above


def on_one_line(words: str) -> str:
    """Say what is marked with `^` and `_` where it would be read as another number without."""
    if RAISED[0] not in words:
        return words
    words = _ONE_AFTER_ANOTHER.sub(_joined, words)
    words = _FRACTION.sub(_fraction, words)
    for _ in range(_DEEPEST):
        words, found = _INNERMOST.subn(_said, words)
        if not found:
            break
    return words


def _joined(found: re.Match[str]) -> str:
    words = found[0].replace(f"\x0e{found[1]}", "").replace(END, "")
    return f"\x0e{found[1]}{words}{END}"


def _fraction(found: re.Match[str]) -> str:
    before = found.string[: found.start()][-1:]
    return f"{' ' if before.isalnum() else ''}{found[1]}/{found[2]}"


def _said(found: re.Match[str]) -> str:
    words = found["words"].strip()
    before, behind = _around(found)
    if not (_is_power if found["mark"] == "^" else _is_index)(before, words, behind):
        return found["words"]
    is_alone = _SIMPLE.fullmatch(words) and not (behind.isalnum() or behind == RAISED[0])
    return found["mark"] + (words if is_alone else f"({words})")


def _around(found: re.Match[str]) -> tuple[str, str]:
    at, end = found.span()
    return found.string[max(0, at - 1) : at], found.string[end : end + 1]


def _is_power(before: str, words: str, _behind: str) -> bool:
    has_base = before not in ("", "(", "[", RAISED[0]) and not before.isspace()
    is_exponent = _EXPONENT.match(words) and not _SENTENCE.search(words)
    return has_base and bool(is_exponent)


def _is_index(before: str, words: str, behind: str) -> bool:
    """Tell what runs into another number; H2O is written so."""
    return (before.isdigit() and words[:1].isdigit()) or (behind.isdigit() and words[-1:].isdigit())
