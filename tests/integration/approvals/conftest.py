"""Approvals on the real server, worker and scheduler, with a clock that tests control."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from graph.testing.controlled_clock import ControlledClock
from graph.testing.running_reader import RunningReader, running_reader
from tests.doubles.approval_world import GRAPH, World, settings_of
from tests.doubles.scripted_agents import plan_of, step

POLICIES = (
    '{"ops": {"timeout": 7200, "warn_before": 1800, "on_timeout": "escalate", "escalate_to": ["boss", "owner"]},'
    ' "guarded": {"approvers": ["ada"], "separate_approver": true},'
    ' "narrow": {"timeout": 60, "approvers": ["ada"], "on_timeout": "escalate", "escalate_to": ["boss"]},'
    ' "forever": {"timeout": 0}}'
)


@pytest.fixture
def world(database_url: str) -> World:
    return World(database_url)


@pytest.fixture
def clock() -> ControlledClock:
    return ControlledClock()


@pytest.fixture
def policies() -> str:
    """As `approval_policies` has them; a file says its own."""
    return POLICIES


@pytest.fixture
async def reader(
    world: World, clock: ControlledClock, policies: str
) -> AsyncIterator[RunningReader]:
    settings = settings_of(world.database_url, approval_policies=policies)
    async with running_reader(settings, world.graphs(), now=clock) as running:
        yield running


def gate(step_id: str, *after: str, agent: str = "ops", **more: Any) -> Any:
    return step(step_id, *after, agent=agent, requires_approval=True, **more)


async def asked(reader: RunningReader, *steps: Any, user: str = "asker") -> str:
    return await reader.ask({"question": "q?", "own_plan": plan_of(*steps)}, graph=GRAPH, user=user)


async def results(reader: RunningReader, thread: str) -> dict[str, Any]:
    state = (await reader.http.get(f"/threads/{thread}/state")).json()
    return state["values"]["results"]


async def kinds(reader: RunningReader, approval_id: str) -> list[str]:
    body = (await reader.http.get(f"/approvals/{approval_id}")).json()
    return [one["kind"] for one in body["history"]]
