"""An outline decides which steps there are; the rules' own words fill them."""

from collections.abc import Sequence

import pytest

from graph.planning.decomposition import sketch_of
from graph.planning.needs_labels import KINDS, Outline, outline_of, read_labelled
from graph.planning.reshaping import reshaped
from graph.planning.sketch import Sketch
from graph.planning.workflow_plan import Shape


def outline(shape: Shape, **counts: int) -> Outline:
    return Outline(tuple(counts.get(kind, 0) for kind in KINDS), shape)


def asked(sketch: Sketch) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.capability, one.question, one.after) for one in sketch.needs]


def made(question: str, wanted: Outline) -> Sketch:
    return reshaped(sketch_of(question), wanted, question)


def test_what_is_as_wanted_stays_as_it_is():
    sketch = sketch_of("Compare the ferry with the bus")
    assert reshaped(sketch, outline_of(sketch), "…") is sketch


def test_sides_in_the_question_become_lookups_of_their_own():
    question = "Of oak, ash and beech, which burns longest?"
    sketch = made(question, outline("parallel_then_join", knowledge=3, comparison=1))
    assert [one.question for one in sketch.needs][-1] == question
    assert outline_of(sketch) == outline("parallel_then_join", knowledge=3, comparison=1)
    assert sketch.needs[3].after == ("s1", "s2", "s3")


def test_what_is_put_in_order_is_looked_up_by_what_it_is_ordered_by():
    question = "Rank oak, ash and beech by hardness"
    sketch = made(question, outline("parallel_then_join", knowledge=3, comparison=1))
    looked_up = [one.question for one in sketch.needs if one.capability == "knowledge"]
    assert looked_up == ["oak by hardness", "ash by hardness", "beech by hardness"]


def test_a_deed_that_the_rules_did_not_see_is_the_last_step():
    question = "The rota for week 31 can go up on the board now."
    sketch = made(question, outline("single", action=1))
    assert asked(sketch) == [("action", question, ())]


def test_a_condition_is_judged_between_the_finding_and_the_deed():
    question = "Should the load exceed the threshold in the handbook, fail over to site B."
    wanted = outline("parallel_then_join", knowledge=1, tool=1, reasoning=1, action=1)
    sketch = made(question, wanted)
    assert outline_of(sketch) == wanted
    assert [one.capability for one in sketch.needs] == ["knowledge", "tool", "reasoning", "action"]
    assert sketch.needs[3].after == ("s3",)


def test_a_chain_of_lookups_resolves_the_name_first():
    question = "Which lab is led by the author of the 2020 enzyme paper?"
    sketch = made(question, outline("sequential", knowledge=2))
    assert sketch.needs[1].parameters == {"resolve": {"s1": "the author of the 2020 enzyme paper"}}


def test_no_deed_is_done_twice_because_two_were_counted():
    sketch = made("Archive the log", outline("sequential", action=2))
    assert [one.capability for one in sketch.needs] == ["action"]


def test_two_deeds_that_were_read_as_one_are_parted():
    question = "Look up the hours, put them on the site and print a sign"
    sketch = made(question, outline("mixed", knowledge=1, action=2))
    deeds = [one.question for one in sketch.needs if one.capability == "action"]
    assert len(deeds) == len(set(deeds)) == 2
    assert all(one.after == ("s1",) for one in sketch.needs[1:])


def test_deeds_that_belong_together_lose_nothing():
    sketch = sketch_of("Delete the draft and archive the log")
    assert [one.capability for one in sketch.needs] == ["action", "action"]
    joined = reshaped(sketch, outline("single", action=1), "…")
    assert "draft" in joined.needs[0].question
    assert "log" in joined.needs[0].question


def test_small_talk_needs_no_step():
    assert made("Bedankt hoor, top!", outline("direct")).needs == []


@pytest.mark.parametrize("shape", ["sequential", "parallel_then_join", "mixed"])
@pytest.mark.parametrize(
    "counts", [(2, 1, 1, 1, 1, 2), (1, 0, 2, 0, 0, 1), (6, 0, 0, 1, 0, 0), (0, 2, 0, 0, 0, 3)]
)
def test_whatever_is_wanted_the_steps_stand_in_order(shape: Shape, counts: Sequence[int]):
    sketch = made("Check the tank and the pump, then refill it", Outline(tuple(counts), shape))
    seen: set[str] = set()
    for need in sketch.needs:
        assert seen.issuperset(need.after)
        assert need.question.strip()
        seen.add(need.key)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.full)])
def test_nearly_every_outline_of_the_labelled_lines_can_be_made(every: int):
    lines = read_labelled()[::every]
    right = sum(outline_of(made(one.query, one.outline)) == one.outline for one in lines)
    assert right >= 0.97 * len(lines)
