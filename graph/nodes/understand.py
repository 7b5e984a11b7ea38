"""Makes a follow-up whole before anybody works on it; the person's own words stay as they are."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from pydantic import BaseModel, ConfigDict, Field

from graph.citations.model_claims import prompt
from graph.classification.small_talk import is_small_talk
from graph.conversation.follow_ups import standalone
from graph.ports import WORKING_STEP, ChatModel
from graph.state import State
from kb_contract.errors import ModelFailed
from kb_contract.text_border import clean_text
from kb_contract.written_json import problem_in, read_json

DEADLINE: Final = 15.0
LATEST: Final = 6
"""Messages that a model is shown beside the summary of the others."""
_LONGEST_SHOWN: Final = 800


class _Whole(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str = Field(min_length=1, max_length=4_000)


@dataclass(frozen=True)
class Understand:
    """Rules without a model; with one, it is asked only where there is something before."""

    model: ChatModel | None = None

    async def __call__(self, state: State) -> dict[str, Any]:
        began = time.monotonic()
        before = _before(state)
        if not before or state.own_plan is not None:
            return {"standalone": {}}
        if is_small_talk(state.question):
            return {}  # what the talk is about stays what it was
        whole = standalone(
            state.question, before, _last_answer(state), _earlier(state)[-LATEST:][::-1]
        )
        if self.model is not None:
            whole = await self._by_model(state, whole)
        seconds = round(time.monotonic() - began, 3)
        return {
            "standalone": {"asked": state.question, "question": clean_text(whole)},
            "timings": {**state.timings, "understand": seconds},
        }

    async def _by_model(self, state: State, by_rules: str) -> str:
        """Ask; what cannot be used leaves what the rules made."""
        assert self.model is not None  # noqa: S101 - the caller looked
        working = WORKING_STEP.set(("understand", "follow_ups"))
        try:
            written = await self.model.write(
                system=prompt("standalone"),
                user=_shown(state),
                tier="cheap",
                deadline=DEADLINE,
                check=partial(problem_in, _Whole),
            )
        except ModelFailed:
            return by_rules
        finally:
            WORKING_STEP.reset(working)
        return read_json(_Whole, written.text).question


async def as_asked(_state: State) -> dict[str, Any]:
    """Take every question as it stands."""
    return {"standalone": {}}


def _before(state: State) -> str:
    """Return the question before this one, made whole if it was a follow-up itself; thanks are none."""
    earlier = _earlier(state)
    if not earlier:
        return ""
    kept = state.standalone
    return kept["question"] if kept.get("asked") == earlier[-1] else earlier[-1]


def _earlier(state: State) -> list[str]:
    people = [one.text.strip() for one in state.messages if isinstance(one, HumanMessage)]
    earlier = people[:-1] if people and people[-1] == state.question else people
    return [one for one in earlier if not is_small_talk(one)]


def _last_answer(state: State) -> str:
    answers = [one.text for one in state.messages if isinstance(one, AIMessage)]
    return answers[-1] if answers else ""


def _shown(state: State) -> str:
    mark = f"talk-{secrets.token_hex(4)}"
    latest = _lines(state.messages[:-1][-LATEST:])
    talk = "\n".join(part for part in (state.summary, *latest) if part)
    return f"<{mark}>\n{talk}\n</{mark}>\n<question-{mark}>\n{state.question}\n</question-{mark}>"


def _lines(messages: Sequence[AnyMessage]) -> list[str]:
    return [
        f"{'person' if isinstance(one, HumanMessage) else 'answer'}: {one.text[:_LONGEST_SHOWN]}"
        for one in messages
        if isinstance(one, HumanMessage | AIMessage)
    ]
