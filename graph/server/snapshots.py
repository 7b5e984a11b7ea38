"""A graph's state as the LangGraph API says it."""

from collections.abc import Iterable, Mapping
from typing import Any

from langgraph.types import Interrupt, PregelTask, StateSnapshot

CONFIG_KEYS = ("thread_id", "checkpoint_ns", "checkpoint_id")


def interrupt_body(one: Interrupt) -> dict[str, Any]:
    """An interrupt with its id, which answers name."""
    body = {"id": one.id, "value": one.value}
    if isinstance(one.response_schema, Mapping):
        body["response_schema"] = one.response_schema
    return body


def checkpoint_body(config: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Where a state lies."""
    if not config:
        return None
    place = config.get("configurable", {})
    return {name: place.get(name) for name in CONFIG_KEYS}


def task_body(task: PregelTask) -> dict[str, Any]:
    """A task that is to run, with what it waits for."""
    inner = task.state
    nested = isinstance(inner, StateSnapshot)
    return {
        "id": task.id,
        "name": task.name,
        "path": task.path,
        "error": repr(task.error) if task.error else None,
        "interrupts": [interrupt_body(one) for one in task.interrupts],
        "checkpoint": checkpoint_body(inner) if inner and not nested else None,
        "state": snapshot_body(inner) if nested else None,
        "result": task.result,
    }


def snapshot_body(state: StateSnapshot) -> dict[str, Any]:
    """The whole state."""
    place = checkpoint_body(state.config) or {}
    return {
        "values": state.values,
        "next": list(state.next),
        "tasks": [task_body(one) for one in state.tasks],
        "metadata": state.metadata,
        "created_at": state.created_at,
        "checkpoint": place,
        "parent_checkpoint": checkpoint_body(state.parent_config),
        "interrupts": [interrupt_body(one) for one in state.interrupts],
        "checkpoint_id": place.get("checkpoint_id"),
        "parent_checkpoint_id": (checkpoint_body(state.parent_config) or {}).get("checkpoint_id"),
    }


def interrupts_by_task(state: StateSnapshot) -> dict[str, list[dict[str, Any]]]:
    """What a thread waits for, as `Thread.interrupts` has it."""
    return {
        task.id: [interrupt_body(one) for one in task.interrupts]
        for task in state.tasks
        if task.interrupts
    }


def only(body: Mapping[str, Any], select: Iterable[str] | None) -> dict[str, Any]:
    """Keep what was selected; `values.messages` selects one value."""
    if select is None:
        return dict(body)
    kept: dict[str, Any] = {}
    for field in select:
        name, _, inner = field.partition(".")
        if inner and isinstance(body.get(name), Mapping):
            kept.setdefault(name, {})[inner] = body[name].get(inner)
        elif name in body:
            kept[name] = body[name]
    return kept
