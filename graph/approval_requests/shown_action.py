"""The one action of a request, as a person saw it; read from any version of the request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

VERSION: Final = 2
"""Of the request. An older one is still answered; a newer one than this is left to newer code."""


@dataclass(frozen=True)
class ShownAction:
    """What is asked: name and arguments of the action, and the digest that binds the answer."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])
    schema: Mapping[str, Any] | None = None
    """JSON Schema of the arguments; requests of version 1 had none."""
    digest: str = ""
    version: int = 1


def shown_action(request: Any) -> ShownAction | None:
    """Read the action of a request; None when a graph asks in a way of its own."""
    asked = _mapping(request)
    action = _mapping(_first(asked.get("action_requests")))
    if not isinstance(action.get("name"), str) or not action["name"]:
        return None
    review = _mapping(_first(asked.get("review_configs")))
    schema = review.get("args_schema")
    version = asked.get("approval_version")
    return ShownAction(
        name=action["name"],
        args=_mapping(action.get("args")),
        schema=_mapping(schema) if isinstance(schema, Mapping) else None,
        digest=str(asked.get("digest") or ""),
        version=version if type(version) is int else 1,
    )


def _first(value: Any) -> Any:
    return cast("list[Any]", value)[0] if isinstance(value, list) and value else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
