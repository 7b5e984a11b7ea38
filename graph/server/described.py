"""The API's description for its readers: how to show a key, and which role each route asks for."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI

from graph.server.door.route_roles import ROUTE_ROLES

ABOUT: Final = """Answers from checked, versioned documents; every quote leads back to a commit.

Ask with `POST /orchestrate` and `{"question": "…", "wait": true}`, or with any client of the LangGraph API or of OpenAI's.
What waits for a person is under *approvals*. Where keys are asked for, press *Authorize*; on your own machine nobody is asked.
"""
SCHEMES: Final[Mapping[str, Any]] = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "kb keys create"},
    "token": {"type": "http", "scheme": "bearer", "description": "a key, or a JWT of your own"},
}
_ANY: Final[list[dict[str, list[str]]]] = [{one: []} for one in SCHEMES]


def describe(app: FastAPI) -> None:
    """Add it to the page that FastAPI makes of the routes."""
    made = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            spec = made()
            spec.setdefault("components", {})["securitySchemes"] = dict(SCHEMES)
            for path, operations in spec["paths"].items():
                for method, operation in operations.items():
                    _say_role(operation, _ROLES.get(f"{method.upper()} {path}"))
        return made()

    app.openapi = whole


def _say_role(operation: dict[str, Any], role: str | None) -> None:
    operation["security"] = [] if role == "open" else _ANY
    told = "Open to whoever reaches the server." if role == "open" else f"For the role *{role}*."
    operation["description"] = f"{operation.get('description', '')}\n\n{told}".strip()


_ROLES: Final = {name.replace(":path}", "}"): role for name, role in ROUTE_ROLES.items()}
