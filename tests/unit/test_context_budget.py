"""What a model is shown fits its room: the most relevant, whole where possible, in order."""

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from graph.citations.context_budget import tokens_in, within
from graph.state import Passage


def passage(name: str, text: str, ranked_by: str = "blend") -> Passage:
    return cast("Passage", {"chunk_id": name, "text": text, "ranked_by": ranked_by})


def names(passages: list[Passage]) -> list[str]:
    return [one["chunk_id"] for one in passages]


def test_what_stands_beside_goes_before_what_was_found_and_the_order_stays():
    several = [
        passage("before", "x" * 400, "beside"), passage("best", "x" * 400),
        passage("after", "x" * 40, "beside"), passage("second", "x" * 400),
    ]  # fmt: skip
    assert names(within(several, 1_000)) == ["before", "best", "after", "second"]
    assert names(within(several, 210)) == ["best", "after", "second"]
    assert names(within(several, 110)) == ["best", "after"]


def test_one_that_is_too_long_alone_is_cut_at_a_sentence():
    text = "One sentence stands here. " * 100
    [cut] = within([passage("long", text), passage("next", "word")], 50)
    assert text.startswith(cut["text"])
    assert cut["text"].endswith("here.")
    assert tokens_in(cut["text"]) <= 50


@given(st.lists(st.text(max_size=300), max_size=12), st.integers(min_value=1, max_value=400))
def test_it_never_needs_more_than_there_is_room_for(texts: list[str], room: int):
    several = [passage(str(at), text) for at, text in enumerate(texts)]
    shown: list[Any] = list(within(several, room))
    assert sum(tokens_in(one["text"]) for one in shown) <= room
    assert names(shown) == sorted(names(shown), key=int)
    assert bool(shown) == bool(texts)
