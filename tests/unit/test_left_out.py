"""What authors comment out, and what a reader leaves out, is in no chunk of any way of cutting."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_kb.readers.reading import ReadDocument, parse_document, read_document
from dagster_kb.readers.reading_rules import ReadingRules
from tests.doubles.sample_documents import samples
from tests.unit.test_reading_every_format import STRATEGIES, count, embed

FILES = samples()
# `secret` is commented out, `kept` is not.
CASES = {
    "block.md": "kept\n\n<!-- secret -->\n\nkept2\n",
    "several lines.md": "kept\n\n<!--\nsecret\n\nsecret\n-->\n\nkept2\n",
    "inline.md": "kept <!-- secret --> kept2.\n",
    "two lines.md": "kept <!-- secret\nsecret --> kept2.\n",
    "at once.md": "kept <!--> kept2 -->\n",
    "heading.md": "# kept <!-- secret -->\n\nkept2 `<!-- kept3 -->`\n",
    "heading first.md": "## <!-- secret --> kept\n\nkept2\n",
    "list.md": "- kept\n- <!-- secret -->\n- kept2 <!-- secret\n  secret -->\n\n  <!-- secret\n\n  secret -->\n- kept3\n",
    "quote.md": "> kept <!-- secret -->\n> <!-- secret\n> secret -->\n>\n> kept2\n",
    "table.md": "| kept | ` |\n|---|---|\n| a <!-- secret --> | ` kept2 |\n",
    "html.md": "<div>\nkept <!-- `secret -->\nkept2`\n</div>\n",
    "ticks.md": "kept ` <!-- secret --> kept2\n",
    "code.md": "``a ` <!-- kept --> `` \\<!-- kept2 -->\n\n```\n<!-- kept3 -->\n```\n\n    <!-- kept4 -->\n",
    "never closed.md": "kept\n\n<!-- secret\n\nsecret\n",
    "nowhere.md": "kept\n\n[//]: # (secret (secret))\n[comment]: <> \"secret\"\n[a]: # 'secret\nsecret'\n\n[kept2]: /x \"kept3\"\n\n```\n[//]: # (kept4)\n```\n",
    "windows.md": "kept\r\n\r\n<!-- secret\r\nsecret -->\r\n\r\nkept2\r\n",
    "block.mdx": "kept\n\n{/* secret */}\n\nkept2\n",
    "inline.mdx": "kept {/* secret */} kept2 {/* secret\nsecret */}\n",
    "over fences.mdx": "kept\n\n{/*\nsecret ` \n\n```js\nsecret\n```\n\n# secret\n*/}\n\nkept2 `{/* kept3 */}`\n",
    "jsx.mdx": "<Tabs>\n{/* secret */}\nkept\n</Tabs>\n\n<!-- secret -->\n\nkept2 {/* never closed kept3\n",
    "module.mdx": "kept\n\nexport const a = 'secret'\n\nkept2\n\nimport B from 'secret'\n\nkept3\n",
    "indented.mdx": "# kept\n\n<Card>\n\n    {/* secret */}\n    kept2\n\n</Card>\n",
    "strings.mdx": "kept\n\nexport const a = ':(' + \"{\" + `secret ( \n\nsecret`;\n\nkept2\n\nkept3)\n",
    "notes.mdx": "kept\n\nexport const a = () => { // secret ( don't\n  /* secret {\n\n  - secret */\n\n  b()\n}\n\nkept2\n",
    "never ends.mdx": "kept\n\nexport const a = (\n\nkept2\n\n# kept3\n\nkept4)\n",
    "fence in a tab.mdx": "<Tabs>\n```jsx\n{/* kept */}\n```\n{/* secret */}\n`kept2\n</Tabs>\n\nkept3 `{/* kept4 */}`\n",
    "headings.mdx": "# kept {/* secret */}\n\nkept2\n\n## {/* secret */}\n\nkept3 {/* secret\n   secret */}\n===\n\nkept4\n",
    "block.rst": "kept\n\n.. secret\n\nkept2\n",
    "several lines.rst": "kept\n\n..\n   secret\n\n   secret::\n\n     secret\n\nkept2\n",
    "empty.rst": "kept\n\n..\n\n   kept2\n",
    "directives.rst": "kept\n\n.. note:: kept2\n\n   .. secret\n      secret\n\n   kept3\n\n.. note: secret\n\n.. |x| replace:: kept4\n.. [1] kept5\n.. _kept6: x\n",
    "list.rst": "- kept\n\n  .. secret\n\n  kept2\n\n1. kept3::\n\n     .. kept4\n\n   .. secret\n\n   kept5\n",
    "title.rst": "kept\n====\n.. secret\n   secret\n\nkept2 ..\n.. kept3\n",
    "literal.rst": "kept::\n\n   .. kept2\n\n.. code-block:: rst\n\n   .. kept3\n\n.. secret\n.. secret\n\nkept4\n",
    "code of others.rst": "".join(
        f".. {one}::\n\n   .. kept{n}\n\n"
        for n, one in enumerate(["code-tab", "testcode", "testoutput", "ipython", "console", "Code-Block"])
    ),
    "below items.rst": "- kept\n.. secret\n- kept2\n  kept3\n.. secret\n   secret\n\n| kept4\n.. secret\n\n:kept5: kept6\n.. secret\n\n"
        "=== ===\na   b\n=== ===\n1   2\n=== ===\n.. secret\n\n- a\n\n  - b\n  .. secret\n",
    "cells.rst": "=== ====\na   kept\n=== ====\n..  kept2\n2   kept3\n\n..  kept4\n    kept5\n=== ====\n.. secret\n\n"
        "kept6\n=== ====\n\n.. secret\n\n=== ====\n",
    "below words.rst": "kept\n.. kept2\n\nkept3\n- kept4\n.. kept5\n\n- a\n\n  kept6\n  .. kept7\n",
    "names.rst": ".. a_b-c.d:e_f:: kept\n\n.. a_b-c.d:e_f: secret\n\n.. a__b:: kept2\n\n.. a-_b:: secret\n",
    "block.html": "<p>kept<!-- secret --></p><!-- <p>secret</p> --><p>kept2</p>",
    "cell.ipynb": json.dumps({"nbformat": 4, "metadata": {}, "cells": [
        {"cell_type": "markdown", "source": "kept <!-- secret --> kept2\n\n<!-- secret -->"}]}),
}  # fmt: skip


def cut(name: str, data: bytes, strategy: str, tokens: int = 200) -> ReadDocument:
    rules = ReadingRules(tokens, strategy, overlap=5 if strategy == "overlapping" else 0)
    return read_document(name, data, rules=rules, count_tokens=count, embed=embed)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", CASES)
def test_what_is_commented_out_is_in_no_chunk(name: str, strategy: str):
    only_what_is_kept(CASES[name], cut(name, CASES[name].encode(), strategy))


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("name", [one for one in CASES if not one.startswith(("windows", "cell"))])
def test_what_is_commented_out_is_so_with_any_end_of_line(name: str, end: str):
    said = CASES[name].replace("\n", end)
    only_what_is_kept(said, cut(name, said.encode(), "headings"))


def only_what_is_kept(said: str, read: ReadDocument) -> None:
    chunks = " ".join(one.text for one in read.chunks)
    assert "secret" not in chunks
    assert not any("secret" in one.context for one in read.chunks)
    # A heading alone before what is left out is told with what follows.
    titles = " ".join([read.title, *(p for c in read.chunks for p in c.heading_path)])
    assert "secret" not in titles
    for word in re.findall(r"kept\d?", said):
        assert re.search(rf"{word}\b", f"{chunks} {titles}")


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", [*FILES, *CASES])
def test_between_two_blocks_of_a_chunk_there_are_only_blanks(name: str, strategy: str):
    data = FILES.get(name) or CASES[name].encode()
    only_blanks_between(name, data, strategy, 32)


def only_blanks_between(name: str, data: bytes, strategy: str, tokens: int) -> None:
    parsed = parse_document(name, data, ReadingRules(tokens))
    for chunk in cut(name, data, strategy, tokens).chunks:
        outside = list(parsed.text[chunk.start : chunk.end])
        for block in parsed.blocks:
            begin, end = max(block.start, chunk.start), min(block.end, chunk.end)
            if begin < end:
                outside[begin - chunk.start : end - chunk.start] = " " * (end - begin)
        assert not "".join(outside).strip()


PIECES = {
    "md": ["# kept\n\n", "kept ", "kept.\n\n", "<!-- secret -->", "\n\n<!-- secret\n\nsecret -->\n\n", "- kept\n",
           "> kept\n", "`kept`", "\n\n", "\n\n[//]: # (secret)\n\n", "\n\n```\nkept\n```\n\n", "| kept | kept |\n|--|--|\n"],
    "mdx": ["# kept\n\n", "kept ", "kept.\n\n", "{/* secret */}", "\n\nexport const x = 'secret'\n\n",
            "\n\nimport X from 'secret'\n\n", "{/* secret\n\nsecret */}\n\n", "<Tab>\n", "\n\n```\nkept\n```\n\n", "- kept\n"],
    "rst": ["kept\n====\n\n", "kept ", "kept.\n\n", "\n\n.. secret\n\n", "\n\n..\n   secret\n\n   secret\n\n",
            "- kept\n\n", "\n\n- kept\n\n  .. secret\n\n  kept\n\n", "\n\nkept::\n\n   kept\n\n"],
}  # fmt: skip


@pytest.mark.parametrize("suffix", PIECES)
@given(data=st.data())
def test_of_any_mixture_only_what_is_kept_is_served(suffix: str, data: st.DataObject):
    said = "kept\n\n" + "".join(data.draw(st.lists(st.sampled_from(PIECES[suffix]), max_size=14)))
    strategy = data.draw(st.sampled_from(STRATEGIES))
    name = f"a.{suffix}"
    only_blanks_between(name, said.encode(), strategy, 12)
    read = cut(name, said.encode(), strategy, 12)
    assert not any("secret" in one.text + one.context for one in read.chunks)
    told = [*read.chunks, *(path for one in read.chunks for path in one.heading_path)]
    assert said.count("kept") <= str(told).count("kept")


def test_a_comment_that_never_ends_is_told():
    read = cut("a.md", b"# T\n\nkept\n\n<!-- secret\n\nsecret\n", "headings")
    assert read.notes[0].startswith("line 5: a comment is opened here and never closed")
    assert cut("a.md", b"kept\n\n<!-- secret -->\n", "headings").notes == ()


@pytest.mark.parametrize("suffix", ["md", "mdx", "rst"])
@pytest.mark.parametrize(
    "unit", ["<!-- ", "{/* ", "`", "` `` ", "<!-- -->", "{/* */} ", "[a]: # (\n", "\n\n.. a\n", "\\", "- .. a\n", "a::\n\n"]
)  # fmt: skip
def test_a_flood_of_marks_takes_bounded_time(suffix: str, unit: str):
    text = "kept\n\n" + unit * (150_000 // len(unit)) + "\n\nkept\n"
    began = time.thread_time()
    parse_document(f"a.{suffix}", text.encode(), ReadingRules(200))
    assert time.thread_time() - began < 4


@pytest.mark.parametrize("marks", ["/* " * 20_000, "`" + "\\`" * 20_000, "'" + "\\'" * 20_000])
def test_a_flood_of_marks_in_an_export_takes_bounded_time_and_no_words(marks: str):
    began = time.thread_time()
    read = cut("a.mdx", f"export const a = {{ {marks}\n\nkept\n\nkept2\n".encode(), "headings")
    assert time.thread_time() - began < 4
    assert "".join(one.text for one in read.chunks) == "kept\n\nkept2"


@pytest.mark.parametrize("unit", [" ", " #", " \t", "#"])
def test_a_heading_with_a_comment_and_a_flood_of_blanks_takes_bounded_time(unit: str):
    text = f"# kept <!-- secret -->{unit * (200_000 // len(unit))}x\n\nkept\n"
    began = time.thread_time()
    parsed = parse_document("a.md", text.encode(), ReadingRules(200))
    assert time.thread_time() - began < 8
    assert parsed.title.startswith("kept")


@pytest.mark.parametrize("said", ["# a <!-- x --> ##  ", "# <!-- x --> a #<!-- x -->", "a <!-- x -->  \n ===  ", "#\ta<!-- x --> \t"])  # fmt: skip
def test_a_heading_is_told_without_its_marks(said: str):
    assert parse_document("a.md", f"{said}\n\nb\n".encode(), ReadingRules(200)).title == "a"


def told(said: str, strategy: str = "headings") -> list[tuple[str, str]]:
    return [(one.text, one.context) for one in cut("a.md", said.encode(), strategy).chunks]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_sentence_parted_by_a_comment_is_searched_as_one(strategy: str):
    assert told("The torque of K-1 is <!-- secret --> 30 Nm.\n", strategy) == [
        ("The torque of K-1 is", "… 30 Nm."),
        ("30 Nm.", "The torque of K-1 is …"),
    ]
    assert told("- a\n- b <!-- s --> c <!-- s --> d\n- e\n", strategy) == [
        ("- a\n- b", "… c d"),
        ("c", "- b … d"),
        ("d\n- e", "- b c …"),
    ]
    # A line of a paragraph goes on in the next one.
    assert told("The torque is <!-- s -->\n30 Nm.\n", strategy)[1] == ("30 Nm.", "The torque is …")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_row_parted_by_a_comment_keeps_the_names_of_its_columns(strategy: str):
    table = "| Model <!-- secret -->| Nm |\n|--|--|\n| K-1 | 30 |\n| K-2 <!-- secret --> | 40 |\n"
    assert told(f"{table}| K-3 | 50 | <!-- secret -->\n| K-4 | 60 |\n", strategy) == [
        ("| Model", "… | Nm |"),
        ("| Nm |\n|--|--|\n| K-1 | 30 |\n| K-2", "| Model | Nm |\n| Model … | 40 |"),
        ("| 40 |\n| K-3 | 50 |", "| Model | Nm |\n| K-2 …"),
        ("| K-4 | 60 |", "| Model | Nm |"),
    ]


@pytest.mark.parametrize("said", ["- a <!-- s -->\n- b\n", "a\n\n<!-- s -->\n\nb\n", "# a <!-- s -->\nb\n", "a <!-- s -->\n\nb\n"])  # fmt: skip
def test_other_lines_are_not_told_with_what_stands_beside_a_comment(said: str):
    assert {context for _, context in told(said)} == {""}


def test_no_number_beside_a_comment_is_cut():
    numbers = " ".join(str(at) for at in range(1_000, 1_100))
    contexts = [context for _, context in told(f"{numbers} <!-- s --> {numbers}.\n")]
    said = [re.findall(r"\d+", one) for one in contexts if one]
    assert len(said) == 2
    assert all(10 < len(one) < 25 and all(len(number) == 4 for number in one) for one in said)


def test_a_flood_of_comments_in_a_line_is_told_in_bounded_time():
    began = time.thread_time()
    found = told("a <!-- s --> " * 10_000)
    assert time.thread_time() - began < 8
    assert found[5_000] == ("a", "a a a a a a a a … a a a a a a a a")


def test_rows_of_a_notebook_behind_a_comment_are_under_the_names_of_their_columns():
    rows = "".join(f"| K-{at} <!-- secret --> | {at} |\n" for at in range(30))
    cell = {"cell_type": "markdown", "source": f"| Model | Nm |\n|--|--|\n{rows}"}
    data = json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}).encode()
    first, *others = cut("a.ipynb", data, "headings", 40).chunks
    assert first.context == ""
    assert others
    assert {one.context for one in others} == {"| Model | Nm |"}
