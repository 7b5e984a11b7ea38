"""Small real graphs for the server's tests: a chat, a plan with two approvals, and slow steps.

Each effect is a row of `public.effects`, so that a test can count what really happened.
"""

import asyncio
import contextlib
import operator
import os
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Annotated, Any, TypedDict

import psycopg
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.config import get_stream_writer
from langgraph.errors import GraphInterrupt
from langgraph.func import task
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, Field

from graph.classification.question_back import question_back, words_of

EFFECTS = (
    "create table if not exists public.effects (n bigint generated always as identity, what text)"
)


async def effect(what: str) -> None:
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as connection:
        await connection.execute("insert into public.effects (what) values (%s)", (what,))


class ChatContext(BaseModel):
    model: str = Field(default="default-model", description="what answers")


async def answer(state: MessagesState, runtime: Runtime[ChatContext]) -> dict[str, Any]:
    get_stream_writer()({"model": (runtime.context or ChatContext()).model})
    words = AIMessage(f"you said {state['messages'][-1].content} as words")
    return {"messages": [await GenericFakeChatModel(messages=iter([words])).ainvoke("hi")]}


def chat(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    builder = StateGraph(MessagesState, context_schema=ChatContext)
    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    builder.add_edge("answer", END)
    return builder.compile(checkpointer=checkpointer)


class DagState(TypedDict, total=False):
    request: str
    results: Annotated[dict[str, Any], operator.or_]
    final: str


async def execute(state: DagState) -> dict[str, Any]:
    """a, then g and g2 side by side (each asks first), as the project's own scheduler does it."""

    async def branch(name: str) -> dict[str, Any]:
        async def ask() -> Any:
            return interrupt({"step": name, "question": f"May {name} go on?"})

        async def work() -> dict[str, Any]:
            get_stream_writer()({"event": "start", "step": name})
            await effect(f"{state['request']}:{name}")
            return {"id": name, "decision": decision}

        decision = await task(ask, name=f"approve:{name}")()
        return await task(work, name=f"work:{name}")()

    async def outer(name: str) -> dict[str, Any]:
        return await branch(name)

    jobs = [asyncio.ensure_future(task(outer, name=f"step:{name}")(name)) for name in ("g", "g2")]
    found = await asyncio.gather(*jobs, return_exceptions=True)
    hard = [
        one
        for one in found
        if isinstance(one, BaseException) and not isinstance(one, GraphInterrupt)
    ]
    if hard:
        raise hard[0]
    asked = [one for one in found if isinstance(one, GraphInterrupt)]
    if asked:
        raise GraphInterrupt(tuple({i.id: i for one in asked for i in one.args[0]}.values()))
    return {"results": {one["id"]: one for one in found}}


async def finish(state: DagState) -> dict[str, Any]:
    return {"final": ",".join(sorted(state["results"]))}


def dag(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    builder = StateGraph(DagState)
    builder.add_node("execute", execute)
    builder.add_node("finish", finish)
    builder.add_edge(START, "execute")
    builder.add_edge("execute", "finish")
    builder.add_edge("finish", END)
    return builder.compile(checkpointer=checkpointer)


class SlowState(TypedDict, total=False):
    n: int
    tag: str
    log: Annotated[list[int], operator.add]
    seconds: float


async def step(state: SlowState) -> dict[str, Any]:
    at = len(state.get("log") or [])
    get_stream_writer()({"step": at})
    await asyncio.sleep(state.get("seconds") or 0.3)
    await effect(f"{state['tag']}:{at}")
    return {"log": [at]}


def go_on(state: SlowState) -> str:
    return "step" if len(state.get("log") or []) < state["n"] else END


def slow(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    builder = StateGraph(SlowState)
    builder.add_node("step", step)
    builder.add_conditional_edges(START, go_on, ["step", END])
    builder.add_conditional_edges("step", go_on, ["step", END])
    return builder.compile(checkpointer=checkpointer)


def deaf(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    """`slow`, but a cancellation is mostly lost in it, as `asyncio.wait_for` loses some before Python 3.12."""
    graph = slow(checkpointer)
    heard = graph.astream

    async def astream(*given: Any, **how: Any) -> AsyncIterator[Any]:
        async for part in heard(*given, **how):
            yield part
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.2)

    graph.astream = astream
    return graph


class FailingState(TypedDict, total=False):
    kind: str


async def fail(state: FailingState) -> dict[str, Any]:
    if state.get("kind") == "poison":
        return {"kind": "NUL \x00, half a pair \ud800, and not a number"}
    raise ValueError("this graph always fails")


def failing(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    builder = StateGraph(FailingState)
    builder.add_node("fail", fail)
    builder.add_edge(START, "fail")
    return builder.compile(checkpointer=checkpointer)


class AskedState(TypedDict, total=False):
    said: Any


async def ask_once(state: AskedState) -> dict[str, Any]:
    """Asks as the product's scheduler does; an answer that it does not understand is an error."""
    said = interrupt({
        "action_requests": [{"name": "mail", "args": {"question": "to?"}, "description": "send a mail"}],
        "review_configs": [{"action_name": "mail", "allowed_decisions": ["approve", "reject"]}],
        "step_id": "s1", "agent_id": "mail", "digest": "d1",
    })  # fmt: skip
    if said["decisions"][0].get("message") == "explode":
        raise ValueError("the answer could not be used")
    return {"said": said}


def asking(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    builder = StateGraph(AskedState)
    builder.add_node("ask_once", ask_once)
    builder.add_edge(START, "ask_once")
    return builder.compile(checkpointer=checkpointer)


class DeedState(TypedDict, total=False):
    tag: str
    said: Any


async def do_if_allowed(state: DeedState) -> dict[str, Any]:
    """The deed that a person allowed or not; a row per time that it is done."""
    kind = state["said"]["decisions"][0]["type"]
    if kind == "approve":
        await effect(state["tag"])
    return {}


def deed(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    builder = StateGraph(DeedState)
    builder.add_node("ask", ask_once)
    builder.add_node("do", do_if_allowed)
    for before, after in pairwise((START, "ask", "do", END)):
        builder.add_edge(before, after)
    return builder.compile(checkpointer=checkpointer)


class ClarifyState(TypedDict, total=False):
    question: str
    status: str
    said: str


async def ask_what_is_meant(state: ClarifyState) -> dict[str, Any]:
    answer = interrupt(
        question_back(
            "Which harbour?", ("north", "south"), {"question": state["question"]},
            step_id="plan", how="Respond with a number.",
        )
    )  # fmt: skip
    return {"said": words_of(answer), "status": "completed"}


def clarifying(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    builder = StateGraph(ClarifyState)
    builder.add_node("ask", ask_what_is_meant)
    builder.add_edge(START, "ask")
    return builder.compile(checkpointer=checkpointer)


class StoryState(TypedDict, total=False):
    lines: int
    said: Any


async def tell(state: StoryState) -> dict[str, Any]:
    """Lines of two agents in turn, as the product's own nodes write them."""
    for number in range(state["lines"]):
        agent = ("one", "two")[number % 2]
        get_stream_writer()({"type": "token", "step": f"s{number % 2}", "agent": agent, "lane": agent,
                             "text": f"line {number} “é\u2028"})  # fmt: skip
        await asyncio.sleep(0.002)
    return {}


async def finish_story(state: StoryState) -> dict[str, Any]:
    get_stream_writer()({"type": "final", "lane": "answer", "answer": str(state["said"])})
    return {}


def story(checkpointer: BaseCheckpointSaver[Any]) -> Any:
    builder = StateGraph(StoryState)
    for name, node in (
        ("tell", tell),
        ("ask", ask_once),
        ("again", tell),
        ("finish", finish_story),
    ):
        builder.add_node(name, node)
    for before, after in pairwise((START, "tell", "ask", "again", "finish", END)):
        builder.add_edge(before, after)
    return builder.compile(checkpointer=checkpointer)


GRAPHS = {
    "chat": chat, "dag": dag, "slow": slow, "failing": failing, "asking": asking, "story": story,
    "deed": deed, "clarifying": clarifying, "deaf": deaf,
}  # fmt: skip
