"""A long directive is cut, and what it tells of goes with each of its chunks."""

from dagster_kb.readers.reading import read_document

WORDS = "It takes a value that is read once, when the build begins, and not again.\n"


def paragraphs(depth: int, *, many: int = 6) -> str:
    return "".join(f"\n{' ' * depth}{WORDS}" for _ in range(many))


def contexts(text: str) -> list[tuple[str, str]]:
    """Give the first words of each chunk, and what is said of it."""
    found = read_document(
        "a.rst", text.encode(), count_tokens=lambda words: len(words.split()), chunk_tokens=40
    )
    return [(" ".join(one.text.split()[:3]), one.context) for one in found.chunks]


def test_chunks_that_begin_within_a_directive_are_told_its_name():
    said = contexts(
        f"Options\n=======\n\n.. confval:: html_theme\n   :type: str\n{paragraphs(3)}\nAfterwards all is well.\n"
    )
    assert said[0] == ("Options ======= ..", "")
    assert {context for words, context in said[1:] if words == "It takes a"} == {
        "confval html_theme"
    }
    assert len(said) > 2
    apart = contexts(f".. confval:: a\n{paragraphs(3)}\nAbove\n-----\n{paragraphs(0)}")
    assert apart[-1][1] == ""


def test_a_method_is_told_with_its_class_and_the_next_one_is_another():
    said = contexts(
        f".. py:class:: Pump(size)\n{paragraphs(3)}\n   .. py:method:: start()\n{paragraphs(6)}\n"
        f"   .. py:method:: stop()\n{paragraphs(6)}\n"
    )
    found = list(dict.fromkeys(context for _, context in said))
    assert found == [
        "",
        "py:class Pump(size)",
        "py:class Pump(size) > py:method start()",
        "py:class Pump(size) > py:method stop()",
    ]


def test_what_is_behind_a_note_or_shown_as_code_is_no_name():
    for first in (
        ".. note:: Beware of it",
        ".. code-block:: rst\n\n   .. confval:: x",
        "So::\n\n   .. confval:: x",
    ):
        assert {context for _, context in contexts(f"{first}\n{paragraphs(6)}")} == {""}, first


def test_a_name_that_is_too_long_is_cut_and_many_are_not_all_said():
    (_, said), *_ = [
        one for one in contexts(f".. function:: f({'a, ' * 200})\n{paragraphs(3)}") if one[1]
    ]
    assert (said[:14], said[-1], len(said)) == ("function f(a, ", "…", 200)
    nested = "".join(f"{' ' * at}.. topic:: {'t' * 40}{at}\n\n" for at in range(30))
    said = contexts(f"{nested}{paragraphs(30)}")[-1][1]
    assert said.endswith(f"topic {'t' * 40}29")
    assert len(said) <= 200
