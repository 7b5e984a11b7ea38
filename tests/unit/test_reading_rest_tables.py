"""Tables of reStructuredText are cut between their rows, which may take several lines."""

from collections.abc import Iterator

import pytest

from dagster_kb.chunking.sections import ChunkDraft
from dagster_kb.chunking.strategies import Cutting, chunk_blocks
from dagster_kb.readers.restructured_text import read_restructured_text
from kb_contract.agent_manifest import ChunkingStrategy

BORDER = "+---------+----------------------+\n"
GRID = (
    BORDER + "| Option  | Meaning              |\n" + BORDER.replace("-", "=")
    + "".join(
        f"| opt {one}   | what it does, told   |\n|         | on lines, number {one}   |\n{BORDER}"
        for one in range(8)
    )
)  # fmt: skip
LIST = ".. list-table::\n   :header-rows: 1\n\n   * - Option\n     - Meaning\n" + "".join(
    f"   * - opt {one}\n     - * what it does, told\n\n       * on lines, number {one}\n"
    for one in range(8)
)
SIMPLE = (
    "======  ====================\nOption  Meaning\n======  ====================\n"
    + "".join(
        f"opt {one}   what it does, told\n        on lines, number {one}\n" for one in range(8)
    )
    + "======  ====================\n"
)
TABLES = pytest.mark.parametrize("table", [GRID, LIST, SIMPLE, GRID.replace("\n", "\r\n")])


def count(text: str) -> int:
    return len(text.split())


def chunks(table: str, strategy: ChunkingStrategy = "headings") -> list[ChunkDraft]:
    text = f"Options\n=======\n\n{table}"
    return chunk_blocks(
        text, read_restructured_text(text.encode()).blocks, Cutting(strategy, 30), count
    )


def told(found: list[ChunkDraft]) -> Iterator[tuple[int, int]]:
    for one in found:
        for number in range(8):
            if f"opt {number}" in one.text:
                yield one.ordinal, number


@TABLES
@pytest.mark.parametrize("strategy", ["headings", "fixed"])
def test_a_row_is_in_one_chunk(table: str, strategy: ChunkingStrategy):
    found = chunks(table, strategy)
    assert len(found) > 3
    rows = list(told(found))
    assert [number for _, number in rows] == list(range(8))
    assert all(f"number {number}" in found[at].text for at, number in rows)


@TABLES
def test_no_chunk_is_a_border_alone_nor_begins_with_one(table: str):
    for one in chunks(table)[1:]:
        assert one.text.lstrip(" *|-").startswith("opt")


def test_a_row_that_is_too_long_for_a_chunk_is_cut_within():
    long = f".. list-table::\n\n   * - opt 0\n     - {'word ' * 100}\n   * - opt 1\n     - short\n"
    found = chunks(long)
    assert all(count(one.text) <= 30 for one in found)
    assert "short" in found[-1].text


def test_a_table_with_empty_lines_between_its_rows_is_one():
    border = "====  =====\n"
    rows = "".join(f"k{at:02}   a {at:02}\n\n" for at in range(9))
    text = f"T\n=\n\n{border}Key   Value\n{border}{rows}{border}\nWords.\n\n{border}never closed\n\nMore.\n"
    blocks = read_restructured_text(text.encode()).blocks
    told = [(one.kind, one.columns) for one in blocks]
    assert told[1:3] == [("table", "Key | Value"), ("prose", "")]
    assert text[blocks[2].start :].startswith("Words.")
