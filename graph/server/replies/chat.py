"""Answers in OpenAI's shapes, and tickets for streams. `/v1… /tickets`."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from graph.server.replies.examples import AT, RUN, SESSION, example
from graph.server.replies.orchestration import CITATION

_MODEL: Final = {
    "id": "scriptorium/hr",
    "object": "model",
    "created": 1767225600,
    "owned_by": "scriptorium",
}


class Model(BaseModel):
    """What can be asked."""

    model_config = example(**_MODEL)

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(BaseModel):
    """The whole of it, and each agent that the caller may ask."""

    model_config = example(object="list", data=[_MODEL])

    object: Literal["list"]
    data: list[Model]


class Message(BaseModel):
    """The answer, or what it waits for."""

    role: Literal["assistant"]
    content: str
    refusal: None


class Choice(BaseModel):
    """The one answer."""

    index: int
    message: Message
    finish_reason: Literal["stop"]
    logprobs: None


class Tokens(BaseModel):
    """What a provider was paid for."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    """An answer as OpenAI's clients read it; `scriptorium` has its citations."""

    model_config = example(
        id=f"chatcmpl-{RUN}", object="chat.completion", created=1926235800, model="scriptorium",
        choices=[{"index": 0, "finish_reason": "stop", "logprobs": None,
                  "message": {"role": "assistant", "refusal": None,
                              "content": "Employees have 28 days of leave a year. [1]"}}],
        usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        scriptorium={"session_id": SESSION, "run_id": RUN, "status": "completed", "answer_id": "a-1",
                     "trace_id": RUN, "citations": [CITATION], "approvals": []},
    )  # fmt: skip

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Tokens
    scriptorium: dict[str, Any] = Field(description="session, run, citations, what it waits for")


class Ticket(BaseModel):
    """What opens one stream, once, within a minute."""

    model_config = example(ticket="kbt_4Jx…", path="/ws", expires_at=AT)

    ticket: str
    path: str
    expires_at: datetime
