"""Counts words, in whatever process."""

import re

from dagster_kb.chunking.tokens import TokenCounter

_WORD = re.compile(r"\w+")


def word_counter() -> TokenCounter:
    return count_words


def count_words(text: str) -> int:
    return len(_WORD.findall(text))
