"""What a graph says while it runs, as the events that clients of the LangGraph API expect."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, cast

from langchain_core.messages import BaseMessage, BaseMessageChunk
from langchain_core.runnables import RunnableConfig
from langgraph.runtime import RunControl
from langgraph.types import Command, Send, StateSnapshot

from graph.server.graph_set import Graph
from graph.server.snapshots import interrupt_body

GRAPH_MODES: Final = frozenset({"values", "updates", "custom", "tasks", "checkpoints", "debug"})
KNOWN_MODES: Final = GRAPH_MODES | {"messages", "messages-tuple", "events"}
# What a run tells of itself when its caller did not ask for it: the session's story has it.
STORY: Final = "story"
Part = Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """How a run is to be run and read."""

    modes: Sequence[str]
    subgraphs: bool = False
    context: Any = None
    interrupt_before: Any = None
    interrupt_after: Any = None

    def graph_modes(self) -> list[str]:
        """Modes to ask of the graph; always checkpoints, to know where an event stands, and the story."""
        asked = {"messages" if one == "messages-tuple" else one for one in self.modes}
        return sorted((asked - {"events"}) | {"checkpoints", "custom"})


def command_of(said: Mapping[str, Any]) -> Command[Any]:
    """Read the API's `command`."""
    goto = said.get("goto") or ()
    several = cast("list[Any]", goto) if isinstance(goto, list) else [goto]
    nodes = [_send(one) for one in several] if goto else []
    return Command(resume=said.get("resume"), update=said.get("update"), goto=nodes)


def _send(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    said = cast("Mapping[str, Any]", one)
    return Send(said["node"], said.get("input"))


async def parts_of(
    graph: Graph, given: Any, config: RunnableConfig, reading: Reading, control: RunControl
) -> AsyncGenerator[Part]:
    """Run the graph and yield {type, ns, data}, whichever way it has to be asked.

    Closing it waits until none of the graph's nodes works any more.
    """
    how: dict[str, Any] = {
        "stream_mode": reading.graph_modes(),
        "context": reading.context,
        "interrupt_before": reading.interrupt_before,
        "interrupt_after": reading.interrupt_after,
        "durability": "sync",
        "control": control,
    }
    if "events" not in reading.modes:
        parts = graph.astream(given, config, subgraphs=reading.subgraphs, version="v2", **how)
        async with aclosing(cast("AsyncGenerator[Part]", parts)) as closing:
            async for part in closing:
                yield part
        return
    events = graph.astream_events(given, config, version="v2", subgraphs=True, **how)
    async with aclosing(cast("AsyncGenerator[Mapping[str, Any]]", events)) as told:
        async for event in told:
            yield {"type": "events", "ns": (), "data": event}
            for part in _root_part(event, subgraphs=reading.subgraphs):
                yield part


def _root_part(event: Mapping[str, Any], *, subgraphs: bool) -> list[Part]:
    """The graph's own stream is among the events of its outermost run."""
    if event["event"] != "on_chain_stream" or event.get("parent_ids"):
        return []
    chunk = event["data"].get("chunk")
    if not isinstance(chunk, tuple) or len(cast("tuple[Any, ...]", chunk)) != 3:
        return []
    namespace, mode, data = cast("tuple[tuple[str, ...], str, Any]", chunk)
    if namespace and not subgraphs:
        return []
    return [{"type": mode, "ns": namespace, "data": data}]


@dataclass
class EventNames:
    """Turns parts into (event, data); keeps the messages that are still being written."""

    modes: Sequence[str]
    _messages: dict[str, BaseMessage] = field(default_factory=dict[str, BaseMessage], init=False)

    def events(self, part: Part) -> list[tuple[str, Any]]:
        kind, place = part["type"], "".join(f"|{one}" for one in part["ns"])
        if kind == "messages":
            return self._of_message(part["data"], place)
        if kind == "custom" and kind not in self.modes:
            return [(f"{STORY}{place}", part["data"])]
        if kind not in self.modes:
            return []
        data = part["data"]
        if kind == "values" and part.get("interrupts"):
            waiting = [interrupt_body(one) for one in part["interrupts"]]
            data = {**_fields(data), "__interrupt__": waiting}
        return [(f"{kind}{place}", data)]

    def _of_message(self, data: Any, place: str) -> list[tuple[str, Any]]:
        message, about = cast("tuple[BaseMessage, dict[str, Any]]", data)
        named: list[tuple[str, Any]] = []
        if "messages-tuple" in self.modes:
            named.append((f"messages{place}", [message, about]))
        if "messages" in self.modes:
            named += self._whole_so_far(message, about, place)
        return named

    def _whole_so_far(
        self, message: BaseMessage, about: dict[str, Any], place: str
    ) -> list[tuple[str, Any]]:
        key = message.id or ""
        known = self._messages.get(key)
        whole = _added(known, message)
        self._messages[key] = whole
        first = [(f"messages/metadata{place}", {key: {"metadata": about}})] if known is None else []
        state = "partial" if isinstance(message, BaseMessageChunk) else "complete"
        return [*first, (f"messages/{state}{place}", [whole])]


def _added(known: BaseMessage | None, message: BaseMessage) -> BaseMessage:
    if isinstance(known, BaseMessageChunk) and isinstance(message, BaseMessageChunk):
        return cast("BaseMessage", known + message)
    return message


def _fields(data: Any) -> dict[str, Any]:
    if isinstance(data, Mapping):
        return dict(cast("Mapping[str, Any]", data))
    return dict(cast("dict[str, Any]", getattr(data, "__dict__", {"value": data})))


def is_unfinished(state: StateSnapshot) -> bool:
    """Whether the graph has more to do.

    `next` leaves out nodes whose writes are kept; killed before the checkpoint that follows, a
    run would seem to be at its end.
    """
    return bool(state.next or state.tasks)
