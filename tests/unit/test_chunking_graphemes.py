import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_kb.chunking.graphemes import cut_at_most, is_boundary

regex = pytest.importorskip("regex", reason="regex knows the clusters that ours are held against")

TRICKY = (
    "a \r\n\té\u0301\u0300👨\u200d👩👧🏽🇩🇪🇫\ufe0fक्षिनी각ᄀ\u1161\u11a8ก็ำ\u200c文😀\U000e0067\u2028"
)


def clusters(text: str) -> set[int]:
    """Boundaries as the library sees them."""
    return {0, len(text), *(found.start() for found in regex.finditer(r"\X", text))}


@given(st.text(st.sampled_from(TRICKY), max_size=30))
def test_no_cut_where_unicode_forbids_one(text: str) -> None:
    ours = {at for at in range(len(text) + 1) if is_boundary(text, at)}
    assert ours <= clusters(text)


@pytest.mark.parametrize(
    "whole", ["e\u0301", "👨\u200d👩\u200d👧", "👍🏽", "🇩🇪", "क्षि", "각", "\r\n", "1\ufe0f\u20e3"]
)
def test_wholes(whole: str) -> None:
    text = f"a{whole}b"
    inside = range(2, 1 + len(whole))
    assert not any(is_boundary(text, at) for at in inside)
    assert is_boundary(text, 1)
    assert is_boundary(text, 1 + len(whole))
    assert all(cut_at_most(text, 0, at) == 1 for at in inside)


@given(st.text(max_size=30))
def test_plain_text_may_be_cut_nearly_everywhere(text: str) -> None:
    extra = clusters(text) - {at for at in range(len(text) + 1) if is_boundary(text, at)}
    assert len(extra) <= len(text) // 2


def test_a_hostile_cluster_is_cut_all_the_same() -> None:
    assert cut_at_most("a" + "\u0301" * 1000, 0, 900) == 900
