import contextlib
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.agents.arithmetic import evaluate, shown
from graph.agents.calculation import Calculation, expressions_in
from graph.agents.unit_conversion import conversion_in
from graph.citations.claims import quote_of
from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask
from graph.state import StepResult
from kb_contract.errors import BadInput
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

CALCULATOR = AgentCapability(
    agent_id="calculator",
    title="Calculator",
    purpose="",
    kind="calculation",
    capabilities=("calculation",),
)


def task(
    question: str, inputs: dict[str, StepResult] | None = None, **parameters: Any
) -> AgentTask:
    return AgentTask("s", CALCULATOR, "calculation", question, parameters, inputs or {}, "cheap")


def found_step(step: str, *sentences: str) -> dict[str, StepResult]:
    passages = [InMemoryKnowledge().add_document(step, f"{step}.md", one)[0] for one in sentences]
    return {
        step: {
            "step_id": step,
            "agent_id": step,
            "capability": "knowledge",
            "status": "done",
            "text": "",
            "claims": [
                {"text": one["text"], "quotes": [quote_of(one, 0, len(one["text"]))]}
                for one in passages
            ],
            "passages": passages,
            "data": {},
            "error": None,
            "usage": [],
            "seconds": 0.0,
        }
    }


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is 15% of 80?", "12"),
        ("what is 3 times (4 plus 5)?", "27"),
        ("average of 3, 5 and 10", "6"),
        ("sum of 1 2 3", "6"),
        ("calculate 1,234.5 * 2", "2469"),
        ("How much is 100 + 15%?", "115"),
        ("square root of 16", "4"),
        ("What is 2 to the power of 10?", "1024"),
        ("12 \u00d7 12 \u2212 4", "140"),
        ("What is 20 percent of 50 plus 3?", "13"),
        ("1/3", "0.333333"),
        ("0.1 + 0.2", "0.3"),
    ],
)
def test_arithmetic_in_words_and_signs(question: str, value: str) -> None:
    assert [shown(evaluate(one)) for one in expressions_in(question)] == [value]


@pytest.mark.parametrize(
    "question", ["in 2024-05 what happened", "the 2024 report says 5", "hello", ""]
)
def test_a_question_without_arithmetic_has_no_expression(question: str) -> None:
    assert expressions_in(question) == []


@pytest.mark.parametrize(
    "expression",
    ["__import__('os').system('id')", "().__class__", "9**9**9**9", "2**99999", "1/0", "a + 1", "'a' * 9",
     "[1]*9", "lambda: 1", "1 if 2 else 3", "f(1)", "sqrt(-1)", "1 << 999", "(" * 300, "9" * 500, "", "True+1",
     "max(1, key=2)", "10.0**256**2", "0 ** -1", "1e400 * 1e400", "9**256*9**256*9**256*9**256"],
)  # fmt: skip
def test_what_is_not_bounded_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(BadInput):
        evaluate(expression)


@given(st.integers(-999, 999), st.integers(-999, 999), st.integers(1, 99))
def test_it_computes_exactly(a: int, b: int, c: int) -> None:
    assert evaluate(f"({a}) * ({b}) + ({a}) / {c} - ({b})") == Fraction(a) * b + Fraction(a, c) - b


@given(st.text(max_size=60))
def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    with contextlib.suppress(BadInput):
        assert isinstance(evaluate(text), Fraction)


@pytest.mark.parametrize(
    ("question", "value", "unit"),
    [
        ("convert 5 km to miles", "3.10686", "mi"),
        ("90 minutes in hours", "1.5", "h"),
        ("How many seconds are in 2 days?", "172800", "s"),
        ("100 \u00b0F in celsius", "37.7778", "\u00b0C"),
        ("2 GiB in MB", "2147.483648", "MB"),
    ],
)
def test_units_are_converted(question: str, value: str, unit: str) -> None:
    found = conversion_in(question)
    assert found is not None
    assert (shown(found.value), found.target) == (value, unit)


def test_units_that_measure_other_things_are_not_converted() -> None:
    assert conversion_in("5 km in hours") is None


async def test_numbers_of_earlier_steps_keep_their_quotes() -> None:
    inputs = found_step("a", "Keys live 90 days.") | found_step("b", "Logs live 30 days.")
    result = await Calculation()(task("What is the difference between both?", inputs))
    assert result["text"] == "90 - 30 = 60"
    assert [quote["agent_id"] for quote in result["claims"][0]["quotes"]] == ["a", "b"]


async def test_an_expression_may_name_steps() -> None:
    inputs = found_step("fee", "The fee is 1,200 a year.")
    result = await Calculation()(task("", inputs, expression="fee / 12"))
    assert result["data"]["value"] == 100
    assert result["text"] == "1200 / 12 = 100"


async def test_days_between_dates() -> None:
    result = await Calculation()(task("How many days from 2026-01-01 to 2026-03-01?"))
    assert result["data"]["value"] == 59


async def test_nothing_to_compute_is_said() -> None:
    result = await Calculation()(task("What is the total?"))
    assert result["status"] == "nothing_found"


@pytest.mark.parametrize(
    ("question", "values"),
    [
        ("add 19 % to 250", ["297.5"]),
        ("20% off 80", ["64"]),
        ("reduce $200 by 5 percent", ["190"]),
        ("What is 15% of 2400 and 10% of 90?", ["360", "9"]),
        ("what's 12x12", ["144"]),
        ("what is 1e3 + 5", []),
        ("about 19 % of us", []),
    ],
)
def test_nothing_of_the_arithmetic_is_left_out(question: str, values: list[str]) -> None:
    assert [shown(evaluate(one)) for one in expressions_in(question)] == values


async def test_several_results_are_all_said() -> None:
    result = await Calculation()(task("What is 15% of 2400 and 10% of 90?"))
    assert result["text"] == "15% of 2400 = 360\n10% of 90 = 9"


TABLE = "Fees:\n- filed in: 2023; fee: $560\n- filed in: 2025; fee: $635"


async def test_a_year_of_the_question_chooses_the_row_and_is_no_operand() -> None:
    inputs = found_step("s1", TABLE)
    result = await Calculation()(
        task("The fee for four of them filed in 2025", inputs, expression="s1 * 4")
    )
    assert result["text"] == "635 * 4 = 2540"


async def test_found_numbers_are_not_added_up_unasked() -> None:
    inputs = found_step("s1", "Keys live 90 days.", "Logs live 30 days.")
    result = await Calculation()(task("How much is it?", inputs))
    assert result["status"] == "nothing_found"
