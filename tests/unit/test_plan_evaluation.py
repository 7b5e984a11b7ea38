from typing import Any

import pytest

from graph.agents.registry import neutral_registry
from graph.classification.classifier import Classification
from graph.classification.query_type import QueryType
from graph.planning.evaluation import (
    LabelledQuestion,
    calibration_error,
    classification_figures,
)
from graph.planning.own_plan import read_own_plan
from graph.planning.plan_evaluation import LabelledPlan, plan_figures


def said(kind: QueryType, confidence: float = 0.9) -> Classification:
    return Classification(kind, confidence, "rules")


def test_classification_figures():
    rows = [
        ({"text": "a", "label": "simple_lookup", "also_ok": []}, said("simple_lookup", 1.0)),
        ({"text": "b", "label": "simple_lookup", "also_ok": ["rag_document"]}, said("rag_document", 1.0)),
        ({"text": "c", "label": "tool_operation"}, said("simple_lookup", 0.0)),
    ]  # fmt: skip
    figures = classification_figures([(LabelledQuestion.of(row), one) for row, one in rows])
    assert figures["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["n"] == 3
    assert figures["per_class"]["simple_lookup"] == {
        "precision": 0.6667,
        "recall": 1.0,
        "n": 2,
    }
    assert figures["confusion"]["tool_operation"] == {"simple_lookup": 1}
    assert figures["calibration_error"] == 0.0


def test_calibration_error_is_the_gap():
    assert calibration_error([(0.9, True), (0.9, False)]) == pytest.approx(0.4)
    assert calibration_error([]) == 0.0


def test_plan_figures():
    row = {
        "query": "q", "shape": "single", "needs_approval": False, "capabilities": {"knowledge": 1},
        "forbidden": ["action"],
    }  # fmt: skip
    good, _ = read_own_plan(
        {"query": "q", "steps": [{"step_id": "a", "agent": "any_knowledge"}]}, neutral_registry()
    )
    bad, _ = read_own_plan(
        {"query": "q", "steps": [{"step_id": "a", "agent": "any_action"}]}, neutral_registry()
    )
    assert good is not None
    assert bad is not None
    wanted = LabelledPlan.of(row)
    assert plan_figures([(wanted, good), (wanted, bad)]) == {
        "all": 0.5, "shape": 1.0, "capabilities": 0.5, "approval": 0.5, "n": 2,
        "missed_approvals": 0, "needless_approvals": 1, "by_style": {},
    }  # fmt: skip
    assert plan_figures([])["n"] == 0


def test_to_look_in_the_catalogue_is_to_look_up_where_labels_tell_no_difference():
    asked = {"query": "q", "steps": [{"step_id": "a", "agent": "any_catalogue"}]}
    made, _ = read_own_plan(asked, neutral_registry())
    assert made is not None
    row: dict[str, Any] = {"query": "q", "shape": "single", "needs_approval": False}
    for wanted, right in ({"knowledge": 1}, 1.0), ({"catalogue": 1}, 1.0), ({"tool": 1}, 0.0):
        figures = plan_figures([(LabelledPlan.of({**row, "capabilities": wanted}), made)])
        assert figures["capabilities"] == right


def labelled(edges: list[list[str]], style: str = "") -> LabelledPlan:
    return LabelledPlan.of({
        "query": "q", "shape": "sequential", "needs_approval": False, "style": style,
        "capabilities": {"knowledge": 2, "comparison": 1}, "edges": edges,
        "steps": [
            {"id": "a", "capability": "knowledge"}, {"id": "b", "capability": "knowledge"},
            {"id": "c", "capability": "comparison"},
        ],
    })  # fmt: skip


def test_dependencies_are_right_whatever_the_steps_are_called():
    chain = {
        "query": "q",
        "steps": [
            {"step_id": "x", "agent": "any_knowledge"},
            {"step_id": "y", "agent": "any_knowledge", "depends_on": ["x"]},
            {"step_id": "z", "agent": "any_comparison", "depends_on": ["x", "y"]},
        ],
    }
    made, _ = read_own_plan(chain, neutral_registry())
    assert made is not None
    same, other = labelled([["a", "b"], ["b", "c"]], "terse"), labelled([["a", "c"], ["b", "c"]])
    figures = plan_figures([(same, made), (other, made)])
    assert figures["edges"] == 0.5
    assert figures["by_style"]["terse"]["edges"] == 1.0
    with pytest.raises(ValueError, match="wait for each other"):
        labelled([["a", "b"], ["b", "a"]])
