"""Ways of saying that decide whether a person is asked, whatever else a question says: a table of them."""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final, Literal

from graph.classification.spelling import fold

TABLE: Final = Path(__file__).with_name("phrases.tsv")
Meaning = Literal[
    "turned away", "handed over", "opening", "for leave", "could", "for something", "asks", "asks how",
    "live now", "happens", "told apart",
]  # fmt: skip
_LOOKED_AT: Final = 2_000


def says(question: str, meaning: Meaning) -> bool:
    """Tell whether a phrase of that meaning stands anywhere in the question."""
    return bool(_pattern(meaning).search(_plain(question)))


def begins(question: str, meaning: Meaning) -> bool:
    """Tell whether the question begins with one, perhaps after a greeting or an "and"."""
    plain = _plain(question)
    opening = _pattern("opening").match(plain)
    rest = plain[opening.end() :].lstrip(" ,.!-") if opening else plain
    return bool(_pattern(meaning).match(rest) or _pattern(meaning).match(plain))


def _plain(question: str) -> str:
    return fold(question[:_LOOKED_AT]).strip()


@cache
def _pattern(meaning: Meaning) -> re.Pattern[str]:
    return re.compile("|".join(_phrases()[meaning]))


@cache
def _phrases() -> dict[str, list[str]]:
    """Read the table: its words are alternatives with "|", blanks in them "_", any letters "*", perhaps "?"."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in TABLE.read_text("utf-8").splitlines()[1:]:
        meaning, _, words = line.split("\t")
        found[meaning].append(rf"(?<![\w']){_joined(words.split())}(?![\w])")
    return found


def _joined(words: list[str]) -> str:
    first, *others = [_word(one) for one in words]
    return first + "".join(
        rf"(?:\s+{word})?" if given.endswith("?") else rf"\s+{word}"
        for given, word in zip(words[1:], others, strict=True)
    )


def _word(word: str) -> str:
    several = [
        re.escape(one).replace(r"\*", r"\w*").replace("_", r"\s+")
        for one in word.removesuffix("?").split("|")
    ]
    return f"(?:{'|'.join(several)})"
