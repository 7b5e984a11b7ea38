"""How the server and what it stands on are. `/info /health…`."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from graph.server.replies.examples import example


class Info(BaseModel):
    """What this server can do."""

    model_config = example(
        version="0.1.0", langgraph_py_version="1.0.0",
        flags={"assistants": True, "crons": True, "langsmith": False, "strict_resume": True},
    )  # fmt: skip

    version: str
    langgraph_py_version: str
    flags: dict[str, bool]


class PartState(BaseModel):
    """One of the parts; beside these fields each says its own figures."""

    model_config = ConfigDict(extra="allow")

    status: Literal["ok", "unavailable", "none"]
    error: str = ""
    hint: str = ""


class Readiness(BaseModel):
    """Whether requests can be taken."""

    model_config = example(
        status="ok", postgres={"status": "ok", "runs": {"pending": 0, "running": 1}}
    )

    status: Literal["ok", "unavailable", "stopping"]
    postgres: PartState | None = None


class ModelState(BaseModel):
    """A chat model, as one process found it when it asked it last."""

    model: str
    process: str
    state: Literal["closed", "open", "half_open"]
    why: str


class ModelParts(PartState):
    """The chat models, and what they did in the last hour."""

    profile: str = ""
    states: list[ModelState] = []
    last_hour: list[dict[str, Any]] = []


class Health(BaseModel):
    """Everything that answers depend on."""

    model_config = example(
        status="ok", version="0.1.0",
        postgres={"status": "ok", "runs": {"pending": 0, "running": 1}},
        qdrant={"status": "ok", "url": "http://127.0.0.1:6333"}, workers={"status": "ok", "alive": 1},
        models={"status": "ok", "profile": "offline", "states": [], "last_hour": []},
        knowledge={"status": "ok", "agents": 3},
    )  # fmt: skip

    status: Literal["ok", "degraded"]
    version: str
    postgres: PartState
    qdrant: PartState
    workers: PartState
    models: ModelParts
    knowledge: PartState
