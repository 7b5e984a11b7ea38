"""Numbers of a sheet as they are shown, where the bare number would be another thing: `15.5%`, `01067`."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

_MARK: Final = re.compile(
    r"\"(?P<quoted>[^\"]*+)\"|\\(?P<escaped>.)|(?P<blank>_.)|\*.|\[[^\]]*+\]|(?P<bare>.)",
    re.DOTALL,
)
# Which of its sections holds depends on the number.
_CONDITION: Final = re.compile(r"\[[<>=]")
# No section for numbers has a sign; a fourth is for words.
_NO_NUMBER: Final = re.compile(r"\s*;\s*;\s*(?:;.*)?", re.DOTALL)
_NO_WORDS: Final = re.compile(r"\s*;\s*;\s*;\s*")
_OF_PERCENT: Final = frozenset("0#?.,% -+()")
_OF_DIGITS: Final = frozenset("0 -+()")
# A float holds no more digits that a person entered.
_LARGEST: Final = 10**15


def is_hidden(number_format: str, *, words: bool) -> bool:
    """Tell whether a format shows nothing of a number, or of words: `;;;` is how people hide a cell."""
    return (_NO_WORDS if words else _NO_NUMBER).fullmatch(number_format) is not None


def as_shown(number: float, number_format: str) -> str | None:
    """Say a number with its percent sign or its leading zeros; None where its format has neither."""
    if abs(number) >= _LARGEST:
        return None
    if _is_percent(number_format):
        return f"{Decimal(f'{number * 100:.15g}'):f}%"
    places = _places(number_format)
    if places and number >= 0 and number == int(number):
        return _filled(places, int(number))
    return None


@lru_cache(maxsize=1_000)
def _is_percent(number_format: str) -> bool:
    bare = [words for words, is_bare in _marks(number_format) if is_bare]
    return bare.count("%") == 1 and _OF_PERCENT.issuperset(bare)


@lru_cache(maxsize=1_000)
def _places(number_format: str) -> tuple[str | None, ...]:
    """Give the places of a number that always has so many digits, each as None, and the words among them."""
    marks = list(_marks(number_format))
    bare = [words for words, is_bare in marks if is_bare]
    if bare.count("0") < 2 or not _OF_DIGITS.issuperset(bare):
        return ()
    return tuple(None if is_bare and words == "0" else words for words, is_bare in marks)


def _marks(number_format: str) -> Iterator[tuple[str, bool]]:
    """Give the marks of the section for positive numbers, and whether each is bare or mere words."""
    for mark in _MARK.finditer("" if _CONDITION.search(number_format) else number_format):
        if mark["bare"] == ";":
            return
        if mark["bare"]:
            yield mark["bare"], True
        elif words := mark["quoted"] or mark["escaped"] or (mark["blank"] and " "):
            yield words, False


def _filled(places: Sequence[str | None], number: int) -> str:
    """Put a number's digits in their places; what is too long stands in the first."""
    said = list(places)
    digits = str(number).zfill(said.count(None))
    for at in range(len(said) - 1, -1, -1):
        if said[at] is None:
            is_first = None not in said[:at]
            said[at], digits = (digits, "") if is_first else (digits[-1], digits[:-1])
    return "".join(one or "" for one in said).strip()
