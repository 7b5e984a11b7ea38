"""Other wordings of a question by a chat model: further passages are looked for with them, nothing more."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from graph.caller import current_caller
from graph.citations.model_claims import prompt
from graph.gateways.usage_ledger import run_at_work
from graph.ports import APPROVED_STEP, WORKING_STEP, ChatModel
from kb_contract.errors import ModelFailed
from kb_contract.text_border import clean_text
from kb_contract.written_json import problem_in, read_json

MOST: Final = 3
LONGEST: Final = 400
LONGEST_QUESTION: Final = 2_000
REMEMBERED: Final = 256


class _Wordings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    wordings: tuple[str, ...] = Field(max_length=20)


@dataclass
class Rewording:
    """One short call of the cheapest tier, which the usage log counts; what cannot be used is left."""

    model: ChatModel
    seconds: float = 6.0
    _known: OrderedDict[str, list[str]] = field(
        default_factory=OrderedDict[str, list[str]], init=False, repr=False
    )

    _under_way: dict[Any, asyncio.Task[list[str]]] = field(
        default_factory=dict[Any, asyncio.Task[list[str]]], init=False, repr=False
    )

    async def wordings(self, question: str) -> list[str]:
        """Return at most three; none where the model is late, fails or writes something else.

        Agents that a run asks the same at once share one call, also when one of them is cut off.
        """
        if question in self._known:
            return self._known[question]
        key = (asyncio.get_running_loop(), question, _who_pays())
        call = self._under_way.get(key)
        if call is None:
            call = self._under_way[key] = asyncio.create_task(self._made(question))
            call.add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(call)

    async def _made(self, question: str) -> list[str]:
        try:
            said = await self._written(question)
        except ModelFailed:
            return []
        self._known[question] = _usable(question, said)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return self._known[question]

    async def _written(self, question: str) -> str:
        mark = f"question-{secrets.token_hex(4)}"
        token = WORKING_STEP.set(("reword", "retrieval"))
        try:
            written = await self.model.write(
                system=prompt("reword"),
                user=f"<{mark}>\n{question[:LONGEST_QUESTION]}\n</{mark}>",
                tier="cheap",
                deadline=self.seconds,
                check=partial(problem_in, _Wordings),
            )
        finally:
            WORKING_STEP.reset(token)
        return written.text


def _who_pays() -> Hashable:
    """Say whose budgets a call counts in: nobody waits for, or goes without, what another may not pay."""
    return tuple(run_at_work().values()), current_caller(), APPROVED_STEP.get()


def _usable(question: str, text: str) -> list[str]:
    """Keep a few short lines that are not the question itself."""
    said = [" ".join(clean_text(one).split()) for one in read_json(_Wordings, text).wordings]
    known = question.strip().lower()
    short = [one for one in dict.fromkeys(said) if 0 < len(one) <= LONGEST and one.lower() != known]
    return short[:MOST]
