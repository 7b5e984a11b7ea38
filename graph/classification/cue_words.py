"""Says in English the words by which other languages ask; the sentence model knows no other one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from graph.classification.language import SMALL_WORDS
from graph.classification.spelling import fold

TABLE: Final = Path(__file__).with_name("cue_words.tsv")
_PART: Final = re.compile(r"[^.,;:!?()\n]+|[.,;:!?()\n]+")
# One letter says little: it may be a name.
_WORD: Final = re.compile(r"[a-z]{2,}")
# A word that loses its meaning with its accent.
_IS: Final = re.compile(r"(?<!\w)[èéÈÉ](?!\w)")
_KEPT: Final = "\0"
_ENGLISH: Final = """
    about active actual after again al also am an any archive archives article articles as at
    attributes bank bar be been before being between book both but by café car categories change
    client clients club code collection collections come contract could data date dates de den des
    did directive do document documents does done door each else email eu even ever every export
    few file film final first for from get gets give go going got guide ha had has have her here
    him his hospital hotel how however i if image import in index information into is it its job
    just keep last less let like list log made mail make man many may me mean means men message
    metadata might mine month more most move much must my name names nature need net never new
    next no nor not note notice now of off old on once one online only open or order other our out
    over own page part past people per plan please plus post print pro procedure procedures quite
    radio rank really region reserve restaurant same say schema section sections see server
    service set she should show since site so some source sources sport start station status still
    stop structure such table tables take team tell ten test than thanks that the their them then
    there these they thing this those though to too total trend two type types under until up us
    use vat version versions very via want was way we web week well were what when where whether
    which while who whom whose why will with within without would year yes yet you your
"""
# Words that say nothing about which language it is, where another one has them too.
_ALSO_ENGLISH: Final = frozenset(_ENGLISH.split())


@dataclass(frozen=True)
class CueWords:
    """The cue words of one language."""

    english: Mapping[str, str]
    pattern: re.Pattern[str]
    words: frozenset[str]
    """Every word of a cue, and the small words."""

    def lead(self, words: list[str]) -> int:
        """How many more words are of this language alone than of English alone."""
        ours = sum(word in self.words and word not in _ALSO_ENGLISH for word in words)
        return ours - sum(word in _ALSO_ENGLISH and word not in self.words for word in words)

    def said_in_english(self, part: str) -> str:
        return self.pattern.sub(self._english, _folded(part))

    def _english(self, found: re.Match[str]) -> str:
        cue = found.group()
        return f"{self.english[cue]} " if cue.endswith("'") else self.english[cue]


def in_english(text: str, mended: Callable[[str], str] = str) -> str:
    """Replace the cue words in every part of a sentence that is in a language we know; mend the others."""
    whole = _language(text, "")
    return "".join(_part(part, whole, mended) for part in _PART.findall(text))


def _part(part: str, whole: str, mended: Callable[[str], str]) -> str:
    known = cue_words().get(_language(part, whole))
    return mended(part) if known is None else known.said_in_english(part)


def _language(part: str, otherwise: str) -> str:
    words = _WORD.findall(fold(part))
    leads = {code: one.lead(words) for code, one in cue_words().items()}
    best = max(leads, key=lambda code: leads[code])
    if leads[best] > 0:
        return otherwise if leads.get(otherwise) == leads[best] else best
    return "" if any(word in _ALSO_ENGLISH for word in words) else otherwise


@cache
def cue_words() -> Mapping[str, CueWords]:
    """Read the table: a line for each cue, a column for each language."""
    first, *rows = (line.split("\t") for line in TABLE.read_text("utf-8").splitlines())
    return {code: _of(rows, column, code) for column, code in enumerate(first) if column}


def _folded(part: str) -> str:
    return fold(_IS.sub(_KEPT, part)).replace(_KEPT, "è")


def _of(rows: list[list[str]], column: int, code: str) -> CueWords:
    english: dict[str, str] = {}
    for row in rows:
        for cue in row[column].split("|"):
            english.setdefault(_folded(cue), row[0])
    longest = sorted(english, key=len, reverse=True)
    either = "|".join(re.escape(cue) + ("" if cue.endswith("'") else r"(?!\w)") for cue in longest)
    words = frozenset(_WORD.findall(" ".join(english))) | SMALL_WORDS[code]
    return CueWords(english, re.compile(rf"(?<!\w)(?:{either})"), words)
