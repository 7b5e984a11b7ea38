"""The OpenAI-compatible way in. `/v1/chat/completions`, `/v1/models`."""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal, cast

import orjson
from fastapi import APIRouter, Path
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from graph.server.border import BorderRoute
from graph.server.correlation import current_session_id
from graph.server.database import Row
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.openai_shapes import Completion, chunk_of, error_of
from graph.server.orchestrate import asked_text, session_body
from graph.server.replies.chat import ChatCompletion, Model, Models
from graph.server.run_request import ID_PATTERN, RunRequest
from graph.server.runs import until_ended
from graph.server.server_parts import Caller, Parts, ServerParts
from graph.server.streams import HEARTBEAT

router = APIRouter(prefix="/v1", tags=["openai"], route_class=BorderRoute)
MODEL: Final = "scriptorium"
BORN: Final = 1_767_225_600
MARGIN_SECONDS: Final = 60.0
BROKEN_OFF: Final = "the server stops before the answer is there"


class TextPart(BaseModel):
    """A piece of a message; pieces that are no text are refused."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """A message of the conversation. What the system says is not taken: instructions are our own."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(one.text for one in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """Whether a stream ends with what it cost."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """As OpenAI has it; settings of a model's style are accepted and change nothing."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "example": {
                "model": MODEL,
                "messages": [{"role": "user", "content": "How many days of leave do I have?"}],
            }
        },
    )

    model: str = Field(
        default=MODEL, max_length=200, description="scriptorium, or scriptorium/AGENT"
    )
    messages: list[ChatMessage] = Field(min_length=1, max_length=500)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] = 1

    @property
    def question(self) -> str:
        last = self.messages[-1]
        if last.role != "user" or not last.text.strip():
            raise ApiError(422, "the last message is the user's question", hint="role: user")
        return last.text


@router.get("/models", response_model=Models)
async def list_models(parts: Parts) -> JsonResponse:
    """The whole of it, and each agent that the caller may ask."""
    names = [MODEL, *(f"{MODEL}/{one}" for one in await _agents(parts))]
    return JsonResponse({"object": "list", "data": [_model(one) for one in names]})


@router.get("/models/{model:path}", response_model=Model)
async def get_model(parts: Parts, model: Annotated[str, Path(max_length=200)]) -> JsonResponse:
    """One of them."""
    agent = model.removeprefix(f"{MODEL}/")
    if model != MODEL and (agent == model or agent not in await _agents(parts)):
        raise _no_model(model)
    return JsonResponse(_model(model))


@router.post(
    "/chat/completions",
    responses={200: {"content": {"text/event-stream": {}}}},
    response_model=ChatCompletion,
)
async def complete(parts: Parts, caller: Caller, chat: ChatRequest) -> Response:
    """Ask as with OpenAI's client; `X-Session-ID` goes on in a conversation, and comes back."""
    session, given = await _input(parts, chat)
    request = RunRequest(
        assistant_id=next(iter(parts.graphs.graphs)),
        input=given,
        stream_mode=["custom", "updates", "values"],
        stream_subgraphs=True,
        if_not_exists="create",
    )
    run = await parts.desk.start(session, request, caller)
    made = Completion(f"chatcmpl-{run['run_id']}", chat.model, int(time.time()))
    headers = {"X-Session-ID": session}
    if not chat.stream:
        return JsonResponse(await _whole(parts, session, run, made), headers=headers)
    usage = chat.stream_options is not None and chat.stream_options.include_usage
    return StreamingResponse(
        _pieces(parts, run, caller, made, usage=usage),
        media_type="text/event-stream",
        headers={**headers, "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": BORN, "owned_by": MODEL}


def _no_model(name: str) -> ApiError:
    return ApiError(404, f"there is no model {name!r}", hint="GET /v1/models")


async def _agents(parts: ServerParts) -> list[str]:
    if parts.agents is None:
        return []
    registry = await parts.agents.current()
    return [one.agent_id for one in registry.by_capability("knowledge")]


async def _input(parts: ServerParts, chat: ChatRequest) -> tuple[str, dict[str, Any]]:
    """The session, and what its graph is given: all messages, unless it knows them already."""
    agent = chat.model.removeprefix(MODEL).removeprefix("/") or None
    if agent is not None and agent not in await _agents(parts):
        raise _no_model(chat.model)
    given: dict[str, Any] = {"question": asked_text(parts, chat.question), "agent": agent}
    session = current_session_id() or str(uuid.uuid4())
    if not re.fullmatch(ID_PATTERN, session):
        raise ApiError(422, "X-Session-ID is no id", hint="begin it with a letter or a digit")
    if await parts.database.row("thread", thread_id=session) is None:
        spoken = [one for one in chat.messages if one.role in ("user", "assistant")]
        given["messages"] = [{"role": one.role, "content": one.text} for one in spoken]
    return session, given


async def _whole(parts: ServerParts, session: str, run: Row, made: Completion) -> dict[str, Any]:
    try:
        async with asyncio.timeout(parts.settings.query_timeout + MARGIN_SECONDS):
            await until_ended(parts, run["run_id"])
    except TimeoutError as error:
        raise ApiError(
            503, "there is no answer yet", hint=f"GET /sessions/{session}; is there a worker?"
        ) from error
    body = await session_body(parts, session)
    if body["status"] == "running":
        raise ApiError(
            503, BROKEN_OFF, hint=f"GET /sessions/{session}", headers={"Retry-After": "5"}
        )
    if body["status"] == "failed":
        raise ApiError(502, f"the run failed: {body['error']}"[:500], hint=f"trace {run['run_id']}")
    return made.whole(body)


async def _pieces(
    parts: ServerParts, run: Row, caller: str, made: Completion, *, usage: bool
) -> AsyncIterator[str]:
    """The verified answer piece by piece; whoever leaves before its end calls the run off."""
    ended = told = False
    yield chunk_of(made.piece({"role": "assistant", "content": ""}))
    try:
        async for row in parts.streams.tail(run["run_id"]):
            if row is None:
                yield HEARTBEAT
                continue
            ended = ended or row["event"] == "end"
            said = orjson.loads(row["data"]) if row["data"] else None
            if row["event"].split("|")[0] == "error":
                yield chunk_of(error_of(str(cast("dict[str, Any]", said).get("message", ""))))
                return
            if text := answer_piece(row["event"], said):
                told = True
                yield chunk_of(made.piece({"content": text}))
        for piece in await _last_pieces(parts, run, made, ended=ended, told=told, usage=usage):
            yield piece
    finally:
        if not ended and not parts.streams.closing.is_set():
            await asyncio.shield(_call_off(parts, run, caller))


async def _last_pieces(
    parts: ServerParts, run: Row, made: Completion, *, ended: bool, told: bool, usage: bool
) -> list[str]:
    session = run["thread_id"]
    if not ended:
        # Not as if this were the whole answer: the run goes on without this server.
        return [chunk_of(error_of(f"{BROKEN_OFF}: GET /sessions/{session}", "unavailable", "503"))]
    body = await session_body(parts, session)
    whole = [] if told else [made.piece({"content": made.words(body)})]
    whole.append(made.piece({}, finish="stop", body=body))
    whole += [made.usage_chunk(body)] if usage else []
    return [*map(chunk_of, whole), "data: [DONE]\n\n"]


async def _call_off(parts: ServerParts, run: Row, caller: str) -> None:
    try:
        await parts.desk.cancel(run["thread_id"], run["run_id"], "interrupt", caller)
    except ApiError:
        return  # it ended meanwhile


def answer_piece(event: str, said: Any) -> str:
    """Words of the answer in an event; nothing in every other."""
    if event.split("|")[0] not in ("custom", "story") or not isinstance(said, dict):
        return ""
    line = cast("dict[str, Any]", said)
    is_answer = line.get("type") == "token" and line.get("lane") == "answer"
    return str(line.get("text") or "") if is_answer else ""
