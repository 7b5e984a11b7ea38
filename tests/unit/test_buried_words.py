"""What tells a text again that a person deleted."""

import time
from dataclasses import replace

import pytest

from dagster_kb.resources.buried_words import (
    BuriedWords,
    Found,
    ManyBuriedWords,
    Said,
    place_of,
    telling_of,
    telling_there,
)
from kb_contract.identifiers import sha256_text

SENTENCE = "Jane Roe lives in 5 Elm Street."


def buried(text: str, *others: str, headings: tuple[str, ...] = ()) -> BuriedWords:
    telling = telling_there(text, headings, others)
    return BuriedWords(1, "hr", sha256_text(text), telling_of(text, headings), "people.md", telling)


def found(words: BuriedWords, text: str, *, there: bool = True) -> Found | None:
    return words.found_in(sha256_text(text), Said.by(text), there=there)


@pytest.mark.parametrize(
    "now",
    [
        f"# Other\n\nBefore it. {SENTENCE} After it.",
        SENTENCE.replace("lives in", "lives\nin"),
        f"- Ann works here\n- {SENTENCE}",
    ],
    ids=["among others", "broken elsewhere", "an item"],
)
def test_all_of_it_is_known_wherever_it_stands(now: str):
    assert found(buried(f"# People\n\n{SENTENCE}"), now, there=False) is Found.WHOLE


def test_rows_and_items_and_lines_of_code_are_known_with_others_beside_them():
    table = "| who | where |\n|---|---|\n| Jane Roe | 5 Elm Street |"
    assert found(buried(table), f"{table}\n| Bob | bar |", there=False) is Found.WHOLE
    code = "```sh\n# of Jane in Elm Street\nTOKEN=elmstreet5\n```"
    assert found(buried(code), code.replace("TOKEN=elmstreet5", "X=1")) is Found.PART


def test_some_of_it_is_known_only_in_its_own_file():
    words = buried(f"The office opens at nine. {SENTENCE}")
    left = "The office opens at nine. Nobody lives there."
    assert found(words, left) is Found.PART
    assert found(words, left, there=False) is None
    assert found(words, "The office opens at ten. Nobody lives there.") is None


def test_a_short_text_is_known_in_its_own_file_by_what_stands_under_its_heading():
    words = buried("# Wifi\n\nKey: hunter2!x", headings=("Wifi",))
    assert found(words, "# The wifi\n\nKey: hunter2!x") is Found.PART
    assert found(words, "# The wifi\n\nKey: hunter2!x", there=False) is None


@pytest.mark.parametrize(
    "heading", ["# All the people", "All the people\n==============", "All the people"]
)
def test_headings_that_stay_tell_nothing(heading: str):
    words = buried(f"{heading}\n\n{SENTENCE}", headings=("All the people",))
    assert found(words, f"{heading}\n\nNobody is here.") is None


def test_what_the_file_says_elsewhere_too_tells_nothing():
    head = "| name of a person | place of work |\n|---|---|"
    words = buried(f"{head}\n| Jane Roe | 5 Elm Street |", f"{head}\n| Ann Poe | the shop |")
    assert found(words, f"{head}\n| Bob Coe | the bar of it |") is None


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        ("大楼的门禁密码是四七一一八八。", "请向{}询问更多信息。"),
        ("社長の自宅の番号は「03-1234」です。", "詳しくは{}まで。"),
        ("द्वार का कोड ४७११८८ है। ", "अधिक जानकारी के लिए {} से पूछें।"),
        ("ما هو رمز الباب الخلفي؟ ", "اسأل {} عن المزيد."),
        ("The password is “hunter2-blue.” ", "Ask {} for more."),
        ("**The door code is 4711-88.** ", "Ask {} for more."),
        ("The door code is 4711-88.[^1] ", "Ask {} for more."),
        ("The door code is 4711-88.`[1]_ ", "Ask {} for more."),
        ("(See the code: 4711-88.) ", "Ask {} for more."),
        ("PIN: 4711. ", "Ask {} for more."),
        ("PIN 4711\n", "Ask {} for more."),
        ("#4711-88 is the door code.\n", "Ask {} for more."),
    ],
)
def test_a_sentence_is_known_beside_another_that_was_edited(words: str, rest: str):
    assert found(buried(words + rest.format("Bob")), words + rest.format("Ann")) is Found.PART
    assert found(buried(words + rest.format("Bob")), rest.format("Ann")) is None


def test_neighbours_in_the_same_line_hide_no_sentence():
    said = [f"这是第{one}条说明，供所有员工参考使用。" for one in range(9)]  # noqa: RUF001
    before, now = "".join(said[2:6]), "".join(said[:7]).replace("参考", "参\n考")
    assert found(buried(before), now, there=False) is Found.WHOLE


def test_lines_of_code_that_look_like_headings_are_known():
    notes = [f"# Note {one} is of the platform team." for one in range(4)]
    comments = "\n".join((*notes, "# The admin is root with hunter2-blue."))
    words = buried(comments)
    assert found(words, comments.replace("Note 3", "Note three")) is Found.PART
    assert found(words, f"x = 1\n{comments}\ny = 2", there=False) is Found.WHOLE
    code = 'def go():\n    # The admin is root.\n    run("start it now")'
    assert found(buried(code, headings=("go",)), code.replace("now", "soon")) is Found.PART


FENCED = "Log in with:\n```\nmysql -u root -phunter2\n```\n\nAsk Bob Miller for the rest."


@pytest.mark.parametrize(
    ("sentences", "lines"),
    [
        (("Log in with: ``` mysql -u root -phunter2 ```", "Ask Bob Miller for the rest."), ()),
        (("Log in with:", "mysql -u root -phunter2", "Ask Bob Miller for the rest."), ()),
        ((), ("Log in with:", "mysql -u root -phunter2", "Ask Bob Miller for the rest.")),
    ],
    ids=["fences within", "fences apart", "lines"],
)
def test_deletions_of_earlier_versions_are_known(
    sentences: tuple[str, ...], lines: tuple[str, ...]
):
    said = Said(frozenset(map(sha256_text, sentences)), frozenset(map(sha256_text, lines)))
    words = BuriedWords(1, "hr", sha256_text(FENCED), said, "", frozenset())
    assert found(words, f"{FENCED}\n\nMore beside it.", there=False) is Found.WHOLE
    assert found(words, FENCED.replace("Bob", "Ann"), there=False) is None


def many(*texts: str) -> list[BuriedWords]:
    return [replace(buried(text), tombstone=one) for one, text in enumerate(texts)]


def table(name: str) -> str:
    return f"| Name | Value of it |\n|---|---|\n| {name} | {sha256_text(name)} |"


@pytest.mark.parametrize("form", ["Room {} is kept locked at night. Ask {}.", table("{}")])
def test_of_many_deletions_a_text_is_compared_with_those_that_share_words_with_it(form: str):
    texts = [form.replace("{}", f"no. {one}") for one in range(2_000)]
    said = {text: Said.by(text.replace("no.", "number")) for text in texts}
    known = ManyBuriedWords(many(*texts), "hr")
    begun = time.process_time()
    for text in said:
        assert list(known.found_in(sha256_text(text[1:]), said[text], {"other.md"})) == []
    # Each text with each deletion takes seconds.
    assert time.process_time() - begun < 1


def test_many_deletions_are_told_apart():
    first, second, third = many(*(f"Room {one} is kept locked at night." for one in range(3)))
    known = ManyBuriedWords([first, second, third], "hr")
    text = "Room 0 is kept locked at night. Room 2 is kept locked at night. Ask the porter."
    ways = list(known.found_in(sha256_text(text), Said.by(text), {"other.md"}))
    assert ways == [(first, Found.WHOLE), (third, Found.WHOLE)]


@pytest.mark.parametrize("files", [{"people.md"}, {"moved.md", 1}])
def test_parts_are_looked_for_in_the_files_that_had_them_or_may_have_got_them(
    files: set[str | int],
):
    [other, words] = many("It is another text of it.", f"The office opens at nine. {SENTENCE}")
    known = ManyBuriedWords([other, words], "hr")
    text = "The office opens at nine."
    assert list(known.found_in("", Said.by(text), files)) == [(words, Found.PART)]
    assert list(known.found_in("", Said.by(text), {"moved.md", 0})) == []
    foreign = ManyBuriedWords([other, words], "it")
    assert list(foreign.found_in("", Said.by(text), files)) == []


def test_where_a_file_lies_in_its_folder():
    assert place_of("knowledge/hr/a/people.md", "hr") == "a/people.md"
    assert place_of("hr/people.md", "hr") == "people.md"
    assert place_of("knowledge/other/people.md", "hr") == ""
