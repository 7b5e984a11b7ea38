"""Figures of agents, brought to one scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dagster_kb.gates.blend_choice import calibrated
from graph.retrieval.across_agents import comparable, lift
from kb_contract.calibration import USUAL_OTHERS, USUAL_OWN, Calibration

LOUD = Calibration(own=0.9, others=0.7)


def test_the_middle_of_an_agents_own_questions_is_where_that_of_all_others_is() -> None:
    assert LOUD.comparable(0.9) == pytest.approx(USUAL_OWN)
    assert LOUD.comparable(0.7) == pytest.approx(USUAL_OTHERS)
    assert Calibration(own=USUAL_OWN, others=USUAL_OTHERS).comparable(0.4) == pytest.approx(0.4)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_order_within_an_agent_stays(one: float, other: float) -> None:
    assert (one <= other) <= (LOUD.comparable(one) <= LOUD.comparable(other))
    assert 0 <= LOUD.comparable(one) <= 1


def test_nothing_is_said_where_too_few_were_asked_or_nothing_tells_them_apart() -> None:
    assert calibrated([0.6] * 10, [0.2] * 10) == Calibration(own=0.6, others=0.2)
    assert calibrated([0.6] * 10, [0.2] * 3) is None
    assert calibrated([0.3] * 10, [0.3] * 10) is None
    with pytest.raises(ValidationError, match="own must be more"):
        Calibration(own=0.3, others=0.3)


def test_a_passage_of_which_nothing_is_known_stays_as_it_is() -> None:
    known = {"relevance": 0.8, "comparable": 0.4}
    assert (comparable(known), lift(known)) == (0.4, 0.5)  # pyright: ignore[reportArgumentType]
    assert (comparable({"relevance": 0.8}), lift({})) == (0.8, 1.0)  # pyright: ignore[reportArgumentType]
