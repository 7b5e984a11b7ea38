"""Asks the person what a question means, and makes the answer part of the question."""

from typing import Any, Final

from graph.classification.question_back import (
    approves,
    numbered,
    question_back,
    rejects,
    words_of,
)
from graph.classification.spelling import fold
from graph.planning.asking_back import says_nothing
from graph.planning.workflow_plan import WorkflowPlan

STEP: Final = "plan"
MOST_TIMES: Final = 2
"""After this many answers that did not help, it is said what is unclear, and the run ends."""
_LONGEST_ANSWER: Final = 4_000
_HOW: Final = (
    "Respond with a number or in your own words. Approving takes the first one, rejecting ends it."
)
_HOW_IN_WORDS: Final = "Respond in your own words; rejecting ends it."


def planners_request(question: str, plan: WorkflowPlan) -> dict[str, Any]:
    """Ask what the planner wants to know, in the form of an approval that inboxes show."""
    return question_back(
        plan.clarification or "",
        plan.options,
        {"question": question, "options": list(plan.options)},
        step_id=STEP,
        how=_HOW if plan.options else _HOW_IN_WORDS,
    )


def question_after(question: str, plan: WorkflowPlan, answer: Any) -> str | None:
    """Return the question with its answer; None when the person does not want to go on."""
    words = words_of(answer)[:_LONGEST_ANSWER]
    if rejects(words) or (approves(words) and not plan.options):
        return None
    meant = _meant(words, plan.options)
    if says_nothing(question) and not says_nothing(meant):
        return meant
    return f"{question.strip(' .?!')} ({meant})"


def _meant(words: str, options: tuple[str, ...]) -> str:
    if options and approves(words):
        return options[0]
    place = numbered(words, len(options))
    if place is not None:
        return options[place]
    named = [one for one in options if fold(words) in fold(one)]
    return named[0] if len(named) == 1 else words
