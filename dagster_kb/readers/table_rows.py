"""Rows of sheets and of CSV files: which one names the columns, and each row said with its names."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from dagster_kb.readers.extracted_text import ExtractedText, cell, named_row

MOST_CELLS: Final = 2_000_000
_NUMBER: Final = re.compile(r"[^A-Za-z]*\d[^A-Za-z]*[%A-Za-z]{0,3}")
# Titles and notes may stand above the names of the columns.
_LOOKED_AT: Final = 10
_ROWS_IN_A_BLOCK: Final = 200
# A longer row fits in no passage: each of its lines begins with what the row is about.
_LONGEST_ROW: Final = 800
_LONGEST_LINE: Final = 400
_LONGEST_LEAD: Final = 80
# Rows that tell whether the first one is of another kind.
_BELOW: Final = 30
# In so many rows it is no chance that a cell is of the same kind as the one that is above them.
_MANY: Final = 3
# In words; a longer one is rather the first of many sentences.
_LONGEST_LONE_NAME: Final = 3
_ENDS: Final = (".", "!", "?", "…")
_ENDS_WITHOUT_BLANKS: Final = ("。", "！", "？")  # noqa: RUF001 (as Chinese and Japanese end sentences)
_DIGITS: Final = re.compile(r"\d+(?:[.,]\d+)*")


def write_rows(rows: Sequence[Sequence[str]], into: ExtractedText) -> None:
    """Add the rows, each with the names of its columns."""
    said = [[cell(one) for one in row] for row in rows]
    said = [row for row in said if any(row)]
    at = header_at(said)
    for above in said[: at or 0]:
        into.add("prose", "; ".join(one for one in above if one))
    if at is not None and at + 1 == len(said):
        into.add("prose", "; ".join(one for one in said[at] if one))
        return
    names = _told_apart(said[at]) if at is not None else _without_header(said)
    below = said[at + 1 :] if at is not None else said
    for first in range(0, len(below), _ROWS_IN_A_BLOCK):
        part = below[first : first + _ROWS_IN_A_BLOCK]
        into.add("table", "\n".join(line for row in part for line in row_lines(names, row)))


def row_lines(names: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    """Say a row on one line; one of very many cells on several, each with the row's first cell."""
    whole = named_row(names, row)
    first = next((at for at, one in enumerate(row) if one), 0)
    lead = named_row(names[: first + 1], row[: first + 1])
    if len(whole) <= _LONGEST_ROW or len(lead) > _LONGEST_LEAD:
        yield whole
        return
    line = lead
    for at in range(first + 1, len(row)):
        said = named_row(names[at : at + 1], row[at : at + 1])
        if said and line != lead and len(line) + len(said) > _LONGEST_LINE:
            yield line
            line = lead
        line = f"{line}; {said}" if said else line
    yield line


def header_at(rows: Sequence[Sequence[str]]) -> int | None:
    """Find the row that names the columns: the first in nearly every used column, if it names."""
    widest = max((_filled(row) for row in rows[: 3 * _LOOKED_AT]), default=0)
    for number, row in enumerate(rows[:_LOOKED_AT]):
        names = [one for one in row if one]
        if len(names) * 2 > widest and (len(names) > 1 or widest == 1):
            is_said = widest == 1 and is_sentence(names[0])
            return number if not is_said and _names(row, rows[number + 1 :][:_BELOW]) else None
    return None


def is_sentence(said: str) -> bool:
    """Tell what says something, as all below it may do, from a name for it."""
    words = said.split()
    return (
        len(words) > _LONGEST_LONE_NAME
        or said.endswith(_ENDS_WITHOUT_BLANKS)
        or (len(words) > 1 and said.endswith(_ENDS))
    )


def _names(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row names columns: words, all different, or unlike everything that is below them."""
    names = [one for one in row if one]
    if not any(map(is_word, names)) or _is_one_of_many(row, below):
        return False
    times = Counter(row)
    doubtful = [at for at, one in enumerate(row) if one and (not is_word(one) or times[one] > 1)]
    if not doubtful:
        return True
    if any(not is_word(row[at]) for at in doubtful) and not is_word(names[0]):
        return False
    return all(_is_unlike(row[at], [one[at] for one in below if at < len(one)]) for at in doubtful)


def _is_one_of_many(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether numbers in words are of the kind that stands below: `city 0` above `city 1`."""
    alike: list[str] = []
    for at, one in enumerate(row):
        kind = shape(one)
        others = [cells[at] for cells in below if at < len(cells) and cells[at]]
        if "0" in kind and others and all(shape(other) == kind for other in others):
            alike.append(kind)
            if kind != "0" and len(others) >= _MANY:
                return True
    # A row or two may say `v1` below `v1` by chance; below `2019` it may be any number.
    return len(alike) == _filled(row) and any(kind != "0" for kind in alike)


def is_word(said: str) -> bool:
    """Tell a word, or a year, from a number with its unit."""
    return not _NUMBER.fullmatch(said) or is_year(said)


def _is_unlike(name: str, cells: Sequence[str]) -> bool:
    """Whether a number with a unit, or a word that stands twice, is of another kind than its cells."""
    filled = [one for one in cells if one]
    if is_word(name):
        return bool(filled) and all(_NUMBER.fullmatch(one) for one in filled)
    return shape(name) != "0" and bool(filled) and all(shape(one) != shape(name) for one in filled)


def shape(said: str) -> str:
    """Pure: what is left of a value when its digits are all alike: `$5` and `$12.50` are one shape."""
    return _DIGITS.sub("0", said.replace(" ", "")).lstrip("+-")


def _told_apart(names: Sequence[str]) -> list[str]:
    """Number what stands twice, so that each column has a name of its own."""
    said, before = list[str](), Counter[str]()
    for one in names:
        said.append(f"{one} ({before[one] + 1})" if one and before[one] else one)
        before[one] += 1
    return said


def is_year(words: str) -> bool:
    """Tell what is rather a name than a number."""
    return len(words) == 4 and words.isdigit() and words[:2] in ("19", "20")


def _filled(row: Sequence[str]) -> int:
    return sum(1 for one in row if one)


def _without_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """Name columns as a spreadsheet does, where no row names them; a lone one needs no name."""
    if all(_filled(row) == 1 for row in rows):
        return []
    return list(letters(max((len(row) for row in rows), default=0)))


def letters(columns: int) -> Iterator[str]:
    """Name columns as a spreadsheet does: A to Z, then AA."""
    for number in range(1, columns + 1):
        name = ""
        while number:
            number, rest = divmod(number - 1, 26)
            name = chr(ord("A") + rest) + name
        yield name
