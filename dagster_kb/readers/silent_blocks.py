"""Blocks that show a reader nothing: tags alone, and what links lead to."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from dagster_kb.chunking.blocks import Block

_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
# What of a tag is shown, or read out.
_SHOWN: Final = re.compile(
    r"\b(?:alt|title|label|description|summary|caption|heading|header|text|content|value)\s*="
)
_WORD: Final = re.compile(r"\w")
_MAY_BE_TAGS: Final = frozenset({"html", "prose"})


def with_silent_tags(text: str, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Mark the blocks that are tags and nothing else, such as anchors and ends of components."""
    return tuple(replace(one, silent=True) if _is_tags_alone(text, one) else one for one in blocks)


def _is_tags_alone(text: str, block: Block) -> bool:
    if block.kind not in _MAY_BE_TAGS or not text.startswith("<", block.start):
        return False
    words = text[block.start : block.end]
    return not _WORD.search(_TAG.sub("", words)) and not _SHOWN.search(words)


def are_definitions(words: str) -> bool:
    """Tell what Markdown makes no block of; a footnote is shown."""
    return words.startswith("[") and "[^" not in words


def are_targets(words: str) -> bool:
    """Tell lines of reStructuredText such as `.. _name: https://example.org`."""
    return all(one.startswith(".. _") for one in words.splitlines())
