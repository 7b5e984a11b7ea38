"""Counts of words are remembered once they are there; that there are none is not."""

from collections.abc import Mapping
from typing import Any

from graph.gateways.counted_words import CountedWords
from kb_contract.term_counts import PackedCounts


async def test_what_is_counted_anew_is_seen_at_the_next_question():
    counted = PackedCounts(0, b"").all().changed([(1, [7, 9])])
    table: list[dict[str, Any]] = []
    asked: list[Mapping[str, Any]] = []

    async def rows(_name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked.append(values)
        return list(table)

    words = CountedWords(rows)
    assert (await words.of("a", 3, 1)).words.chunks == 0
    table.append({"chunks": counted.chunks, "packed": counted.pack(), "names": None})
    for _ in range(2):
        assert (await words.of("a", 3, 1)).words.chunks == 1
    assert len(asked) == 2
