"""What a session tells becomes the same page, however it was cut."""

import random
from typing import Any

from graph.console.plan_picture import picture_of
from graph.console.run_timeline import timeline_of
from graph.console.story import Story

STEPS = [
    {"step_id": "s1", "agent": "garden", "capability": "knowledge", "question": "water?",
     "depends_on": [], "requires_approval": False},
    {"step_id": "s2", "agent": "kitchen", "capability": "knowledge", "question": "bread?",
     "depends_on": [], "requires_approval": False},
    {"step_id": "s3", "agent": "operations", "capability": "action", "question": "refresh",
     "depends_on": ["s1", "s2"], "requires_approval": True},
]  # fmt: skip
PLAN = {"query": "water, bread, refresh", "query_type": "tool_operation", "steps": STEPS}


def told() -> list[dict[str, Any]]:
    first: list[dict[str, Any]] = [
        {"type": "plan", "plan": PLAN},
        {"type": "step_started", "step": "s1", "agent": "garden", "capability": "knowledge"},
        {"type": "step_started", "step": "s2", "agent": "kitchen", "capability": "knowledge"},
        {"type": "passages", "step": "s1", "found": [{"title": "Watering", "score": 0.5}]},
        {"type": "token", "step": "s1", "draft": True, "text": "perhaps"},
        {"type": "draft_dropped", "step": "s1"},
        {"type": "step_finished", "step": "s1", "status": "done", "seconds": 0.5},
        {"type": "step_failed", "step": "s2", "status": "failed", "seconds": 0.1, "error": "away"},
        {"type": "approval_asked", "step": "s3"},
    ]
    second: list[dict[str, Any]] = [
        {"type": "plan", "plan": PLAN},
        {"type": "approval_answered", "step": "s3", "decision": "approve"},
        {"type": "step_started", "step": "s3", "agent": "operations", "capability": "action"},
        {"type": "step_finished", "step": "s3", "status": "done", "seconds": 0.2},
        {"type": "token", "text": "Two litres. [1]"},
        {"type": "citation", "number": 1, "citation": {"path": "watering.md"}},
        {"type": "of a later version"},
        {"type": "coverage", "total": 1, "supported": 1, "left_out": {}, "sentences": []},
        {"type": "final", "status": "completed", "answer": "Two litres. [1]", "answer_id": "a"},
    ]
    lines = [{**one, "run": "r1"} for one in first] + [{**one, "run": "r2"} for one in second]
    usual = {"step": None, "agent": None, "lane": "run"}
    return [
        {**usual, "seq": at, "at": f"2026-11-28T18:00:{at:02}.000+00:00", **one}
        for at, one in enumerate(lines, start=1)
    ]


def test_a_plan_waits_for_a_person_with_what_was_done_kept():
    story = Story()
    for line in told()[:9]:
        story.take(line)
    turn = story.now
    assert {name: one.state for name, one in turn.steps.items()} == {
        "s1": "done", "s2": "failed", "s3": "approval",
    }  # fmt: skip
    assert turn.waits
    assert (turn.steps["s1"].draft, turn.steps["s2"].error) == ("", "away")


def test_after_the_approval_it_is_one_turn_with_everything():
    story = Story()
    for line in told():
        story.take(line)
    [turn] = story.turns
    assert [one.state for one in turn.steps.values()] == ["done", "failed", "done"]
    assert (turn.status, turn.answer_id, turn.written) == ("completed", "a", "Two litres. [1]")
    assert turn.question == "water, bread, refresh"
    assert turn.citations == {1: {"path": "watering.md"}}
    assert not turn.waits


def test_cut_anywhere_and_told_again_it_is_the_same():
    dice, whole = random.Random(3), Story()
    for line in told():
        whole.take(line)
    for _ in range(50):
        story = Story()
        while story.seen < len(told()):
            start = dice.randint(0, story.seen)
            for line in told()[start : story.seen + dice.randint(1, 4)]:
                story.take(line)
        assert story == whole


def test_the_next_question_is_a_turn_of_its_own():
    story = Story()
    for line in told():
        story.take(line)
    story.ask("and basil?")
    story.take({**told()[-1], "seq": 99, "answer": "From below.", "answer_id": "b"})
    assert [one.answer_id for one in story.turns] == ["a", "b"]
    assert story.turns[1].question == "and basil?"


def test_the_picture_has_a_column_for_each_depth():
    story = Story()
    story.take(told()[0])
    picture = picture_of(story.now.steps)
    place = {one.step.step_id: one for one in picture.nodes}
    assert place["s1"].x == place["s2"].x < place["s3"].x
    assert place["s1"].y < place["s3"].y < place["s2"].y
    assert len(picture.edges) == 2
    assert picture_of({}).nodes == []


def test_bars_lie_inside_of_the_run():
    [first, second] = timeline_of([one for one in told() if one["run"] == "r1"]).bars
    assert (first.state, second.state, second.error) == ("done", "failed", "away")
    assert 0 < first.left < second.left
    assert first.left + first.width <= 100
    assert timeline_of([]).bars == []
