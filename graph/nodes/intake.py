"""Takes a question in: cleans it, gives it its names, and forgets what belonged to the last one."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.messages import AnyMessage, HumanMessage
from langgraph.config import get_config
from langgraph.runtime import Runtime
from opentelemetry import trace

from graph.run_context import RunContext
from graph.state import State
from kb_contract.errors import BadInput
from kb_contract.text_border import checked_text, clean

ANSWER_NAMESPACE: Final = uuid.UUID("0d5d0a1e-7c56-5b43-9a86-1f0f6a3d9c11")
_NOTHING_YET: Final[dict[str, Any]] = {
    "query_type": "",
    "classification": {},
    "plan": {},
    "results": None,
    "draft": {},
    "answer": "",
    "status": "",
    "citations": [],
    "coverage": {},
    "conflicts": [],
    "usage": {},
    "clarified": 0,
    "cached": False,
    "cache": {},
}


@dataclass(frozen=True)
class Intake:
    """Begins a turn of the conversation."""

    longest_question: int = 20_000
    clock: Callable[[], float] = time.time

    async def __call__(self, state: State, runtime: Runtime[RunContext]) -> dict[str, Any]:
        _refuse_other_types(state)
        question = checked_text(
            asked(state.question, state.messages), what="question", at_most=self.longest_question
        )
        answer_id = _answer_id(runtime)
        return {
            **_NOTHING_YET,
            "question": question,
            "agent": clean(state.agent),
            "own_plan": clean(state.own_plan),
            "messages": _messages(state.messages, question, answer_id),
            "answer_id": answer_id,
            "trace_id": _trace_id(get_config().get("metadata", {})),
            "timings": {"asked_at": self.clock()},
        }


_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "question": (str,),
    "agent": (str, type(None)),
    "own_plan": (dict, type(None)),
}


def _refuse_other_types(state: State) -> None:
    # LangGraph takes any JSON for any field, so what a caller sent is only now looked at.
    for name, kind in _KINDS.items():
        if not isinstance(getattr(state, name), kind):
            raise BadInput(
                f"{name} is {type(getattr(state, name)).__name__}",
                where="input",
                cure="question and agent are texts, own_plan is an object",
            )


def asked(question: str, messages: Sequence[AnyMessage]) -> str:
    """Find the new question: `question`, unless it is still the last turn's and chat went on."""
    people = [one.text for one in messages if isinstance(one, HumanMessage)]
    chat_goes_on = bool(messages) and isinstance(messages[-1], HumanMessage)
    if chat_goes_on and (not question.strip() or question in people[:-1]):
        return people[-1]
    return question


def _messages(messages: Sequence[AnyMessage], question: str, answer_id: str) -> list[AnyMessage]:
    """Keep the question in the conversation, clean, once."""
    last = messages[-1] if messages else None
    if isinstance(last, HumanMessage) and clean(last.text).strip() == question:
        return [HumanMessage(content=clean(last.content), id=last.id)]
    return [HumanMessage(content=question, id=f"{answer_id}-question")]


def _answer_id(runtime: Runtime[RunContext]) -> str:
    """Name the answer after the checkpoint of its question: the same in every attempt."""
    info = runtime.execution_info
    place = f"{info.thread_id}\x1f{info.checkpoint_id}" if info else uuid.uuid4().hex
    return str(uuid.uuid5(ANSWER_NAMESPACE, place))


def _trace_id(metadata: Mapping[str, Any]) -> str:
    """Take the caller's trace, else the one that is being recorded, else begin one."""
    given = metadata.get("trace_id")
    if given:
        return str(clean(str(given)))[:128]
    recorded = trace.get_current_span().get_span_context()
    return f"{recorded.trace_id:032x}" if recorded.is_valid else uuid.uuid4().hex
