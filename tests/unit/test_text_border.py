import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_contract.errors import BadInput
from kb_contract.text_border import checked_text, clean, clean_text, cut_text

ANY_TEXT = st.text(st.characters(codec=None, categories=None))


@given(ANY_TEXT)
def test_whatever_comes_in_can_be_stored(text: str):
    cleaned = clean_text(text)
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")
    assert clean_text(cleaned) == cleaned


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_good_text_is_not_touched(text: str):
    assert clean_text(text) == text


def test_what_becomes_of_the_rest():
    assert clean_text("a\x00b") == "ab"
    assert clean_text("\ud83d\ude00") == "😀"
    assert clean_text("\ud83d x \ude00") == "\ufffd x \ufffd"


def test_structures_are_cleaned_with_their_keys():
    assert clean({"a\x00": ["\ud800", 1, None, {"b": ("c\x00",)}]}) == {
        "a": ["\ufffd", 1, None, {"b": ["c"]}]
    }


def test_too_deep_a_structure_is_refused():
    deep: object = "x"
    for _ in range(5_000):
        deep = {"a": deep}
    with pytest.raises(BadInput, match="nested more than"):
        clean(deep)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**400])
def test_a_number_that_state_cannot_hold_is_refused(number: int):
    assert clean([2**64 - 1, -(2**63), True, 1.5]) == [2**64 - 1, -(2**63), True, 1.5]
    with pytest.raises(BadInput, match="64 bits"):
        clean({"a": [number]})


def test_a_text_has_its_limits():
    assert checked_text("  what\x00? ", what="question", at_most=5) == "what?"
    with pytest.raises(BadInput, match="has 6 characters, and at most 5"):
        checked_text("longer", what="question", at_most=5)
    with pytest.raises(BadInput, match="is empty"):
        checked_text(" \x00 ", what="question", at_most=5)
    assert cut_text("abcdef", at_most=6) == "abcdef"
    assert cut_text("abcdef", at_most=4).startswith("abcd […cut: 2")
