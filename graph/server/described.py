"""The API's description for its readers: how to show a key, and which role each route asks for."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI

from graph.server.door.route_roles import ROUTE_ROLES
from graph.server.replies.examples import restore_nulls

ABOUT: Final = """Answers from checked, versioned documents; every quote leads back to a commit.

Ask with `POST /orchestrate` and `{"question": "…", "wait": true}`, or with any client of the LangGraph API or of OpenAI's.
What waits for a person is under *approvals*. Where keys are asked for, press *Authorize*; on your own machine nobody is asked.
"""
SCHEMES: Final[Mapping[str, Any]] = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "kb keys create"},
    "token": {"type": "http", "scheme": "bearer", "description": "a key, or a JWT of your own"},
}
# In the order in which a newcomer reads them.
TAGS: Final = [
    {"name": name, "description": said}
    for name, said in {
        "orchestration": "Ask, follow, and read the answer",
        "approvals": "What waits for a person, who may answer it, and what was decided",
        "knowledge": "Agents, what they know and knew, passages, and what tells of a push",
        "answers": "Kept answers, the passages that they quote, and how good they are",
        "planning": "Question types and plans, with or without a run",
        "costs": "What providers cost, and budgets",
        "health": "Whether all is well, and who you are here",
        "openai": "The same for clients of OpenAI's API",
        "assistants": "LangGraph API: graphs with a config and a context",
        "threads": "LangGraph API: conversations and their states",
        "runs": "LangGraph API: runs, to wait for or to follow",
        "crons": "LangGraph API: runs by the clock",
        "store": "LangGraph API: what is kept beside threads",
        "door": "Tickets, with which browsers open streams",
    }.items()
]
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
            schemas = spec["components"]["schemas"]
            for one in schemas.values():
                restore_nulls(one.get("example"), one, schemas)
        return made()

    app.openapi = whole


def _say_role(operation: dict[str, Any], role: str | None) -> None:
    operation["security"] = [] if role == "open" else _ANY
    told = "Open to whoever reaches the server." if role == "open" else f"For the role *{role}*."
    operation["description"] = f"{operation.get('description', '')}\n\n{told}".strip()


_ROLES: Final = {name.replace(":path}", "}"): role for name, role in ROUTE_ROLES.items()}
