"""Blocks that show a reader nothing: tags alone, and what links lead to."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from dagster_kb.chunking.blocks import Block

# What of a tag nobody sees: its place, its looks, and where it leads. Any other attribute of a
# component may be words, and so may a value in braces: text is rather kept than lost.
_VALUE: Final = r"(?:\"[^\"{}]*\"|'[^'{}]*'|[^\s\"'<>={}]+)"
_UNSEEN: Final = (
    r"id|class(?:Name)?|style|href|src|srcset|width|height|v?align|border|target|rel|lang|dir"
    r"|key|slot|loading|groupId|markdown|client:\w+"
)
_TAG: Final = re.compile(
    rf"</?(?:a\b(?:\s+name\s*=\s*{_VALUE})?|[A-Za-z][\w.-]*)"
    rf"(?:\s+(?:{_UNSEEN})(?:\s*=\s*{_VALUE}|(?=[\s/>])))*+\s*/?>",
    re.IGNORECASE,
)
# A title of a link is shown beside it.
_DEFINITION: Final = re.compile(r"[ \t]*+\[(?!\^)(?:[^\]\\\r\n]|\\.)++\]:[ \t]*+\S++[ \t]*+")
_WORD: Final = re.compile(r"\w")
_MAY_BE_TAGS: Final = frozenset({"html", "prose"})


def with_silent_tags(text: str, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Mark the blocks that are tags and nothing else, such as anchors and ends of components."""
    return tuple(replace(one, silent=True) if _is_tags_alone(text, one) else one for one in blocks)


def _is_tags_alone(text: str, block: Block) -> bool:
    if block.kind not in _MAY_BE_TAGS or not text.startswith("<", block.start):
        return False
    words = text[block.start : block.end]
    return not _WORD.search(_TAG.sub("", words))


def are_definitions(words: str) -> bool:
    """Tell lines of Markdown such as `[name]: https://example.org`; a footnote is shown."""
    return all(_DEFINITION.fullmatch(one) for one in words.splitlines() if one.strip())


def are_targets(words: str) -> bool:
    """Tell lines of reStructuredText such as `.. _name: https://example.org`."""
    return all(one.startswith(".. _") for one in words.splitlines())
