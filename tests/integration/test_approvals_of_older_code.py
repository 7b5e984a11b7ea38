"""A thread that was paused by older code goes on under newer code, whatever that shows by now."""

import uuid
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint
from langgraph.types import Command, interrupt

from graph.approval_requests.answers import answer_schema
from graph.approval_requests.request import approval_request, first_form
from graph.approval_requests.shown_action import shown_action
from graph.checkpoints import strict_serializer
from graph.planning.workflow_plan import WorkflowPlan
from graph.scheduler.approval import Answered, Approvals
from graph.scheduler.durable_task import durable
from graph.scheduler.progress import Progress
from tests.doubles.scripted_agents import EveryAgent, plan_of, step

GATE = step("g", agent="pay", requires_approval=True, script={"amount": 5})
PLAN = WorkflowPlan.model_validate(plan_of(GATE))


async def as_version_1_did() -> None:
    """The request was made anew in every run, and the announcement kept nothing."""
    request = first_form(PLAN, GATE)
    shown = shown_action(request)
    assert shown is not None

    async def announce() -> None:
        """Say it in the stream."""

    async def ask() -> dict[str, Any]:
        answer = interrupt(request, response_schema=answer_schema(shown))
        return {"step_id": "g", **answer.decisions[0].model_dump(mode="json", exclude_none=True)}

    await durable("announce:g", announce)
    await durable("approve:g", ask)


async def as_now() -> Answered:
    return await Approvals(PLAN, Progress(lambda _: None), EveryAgent()).decide(GATE, {})


async def paused_then_resumed(before: Any, answer: Any) -> tuple[dict[str, Any], Answered]:
    saver, config = (
        InMemorySaver(serde=strict_serializer()),
        {"configurable": {"thread_id": str(uuid.uuid4())}},
    )
    ended: list[Answered] = []

    def flow_of(decide: Any) -> Any:
        @entrypoint(checkpointer=saver)
        async def flow(_: Any) -> None:
            if (answered := await decide()) is not None:
                ended.append(answered)

        return flow

    old = flow_of(before)
    await old.ainvoke({}, config)
    [waiting] = (await old.aget_state(config)).interrupts
    await flow_of(as_now).ainvoke(Command(resume={waiting.id: answer}), config)
    return waiting.value, ended[-1]


async def test_an_approval_of_version_1_is_answered():
    shown, answered = await paused_then_resumed(
        as_version_1_did, [{"type": "accept", "args": None}]
    )
    assert "approval_version" not in shown
    assert (answered.decision.type, answered.digest) == ("approve", shown["digest"])


async def test_what_was_shown_is_what_is_answered_though_the_plan_is_shown_otherwise_now():
    answer = {"decisions": [{"type": "approve"}], "decided_by": "ada"}
    shown, answered = await paused_then_resumed(as_now, answer)
    assert (answered.digest, answered.decided_by) == (shown["digest"], "ada")
    assert shown == approval_request(PLAN, GATE, await EveryAgent().find("pay"))
