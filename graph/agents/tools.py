"""Calls a tool of a server. What comes back is data, whatever it says."""

import re
from dataclasses import dataclass
from typing import Any, Final

from graph.agents.step_results import emit, step_result
from graph.agents.tool_permission import checked_arguments, permitted
from graph.agents.tool_selection import selected
from graph.planning.tool_card import ToolCard
from graph.ports import AgentTask, ChatModel, ToolAnswer, ToolLog, ToolServers
from graph.state import StepResult, Usage
from kb_contract.errors import BadInput, ToolRefused, ToolUnavailable
from kb_contract.text_border import cut_text

SHOWN: Final = 8_000
"""Characters of an output that travel with the answer; the whole of a longer one is kept once."""
LONGEST_CALL: Final = 600.0
_MARKUP: Final = re.compile(r"[<>`|]|\]\(|\[\d|^\s*[#*+-] ", re.MULTILINE)


@dataclass(frozen=True)
class ToolCalls:
    """Every lock is tried at every call: allow-list, plan, fingerprint, approval, schema."""

    servers: ToolServers
    log: ToolLog
    model: ChatModel | None = None

    async def __call__(self, task: AgentTask) -> StepResult:
        chosen = await selected(task, self.model)
        if not chosen.tool:
            return step_result(task, "nothing_found", chosen.why_not, usage=chosen.usage)
        card = permitted(task, chosen.tool)
        arguments = checked_arguments(card, chosen.arguments)
        emit(task, "tool_called", tool=card.name, changes=card.changes)
        if card.changes:
            answer = await self._once(task, card, arguments)
        else:
            answer = await self._call(card, arguments)
        if answer.failed:
            raise ToolRefused(
                f"the tool failed: {answer.text[:300]}", where=card.name, cure="look at its server"
            )
        return await self._result(task, card, arguments, answer, chosen.usage)

    async def _call(self, card: ToolCard, arguments: dict[str, Any]) -> ToolAnswer:
        return await self.servers.call(
            card.name, arguments, fingerprint=card.fingerprint, seconds=LONGEST_CALL
        )

    async def _once(self, task: AgentTask, card: ToolCard, arguments: dict[str, Any]) -> ToolAnswer:
        """Call at most once per piece of work: what may have happened is not tried again."""
        if not task.effect_key:
            raise BadInput("a call that changes something came without a key", where=card.name)
        # Before anything is begun, so that a server that is away may be tried again.
        await self.servers.check(card.name, fingerprint=card.fingerprint)
        kept = await self.log.begin(task.effect_key, card.name, arguments)
        if kept.answer is not None:
            return kept.answer
        if not kept.new:
            raise _unknown(card)
        try:
            answer = await self._call(card, arguments)
        except ToolRefused as refused:
            await self.log.end(task.effect_key, ToolAnswer(refused.what, failed=True))
            raise
        except ToolUnavailable as silent:
            raise _unknown(card) from silent
        await self.log.end(task.effect_key, answer)
        return answer

    async def _result(
        self,
        task: AgentTask,
        card: ToolCard,
        arguments: dict[str, Any],
        answer: ToolAnswer,
        usage: tuple[Usage, ...],
    ) -> StepResult:
        data: dict[str, Any] = {"tool": card.name, "arguments": arguments}
        if answer.structured is not None:
            data["structured"] = answer.structured
        if len(answer.text) > SHOWN:
            digest = await self.log.keep_output(answer.text)
            data["output"] = {"sha256": digest, "characters": len(answer.text)}
        said = cut_text(answer.text, at_most=SHOWN).strip() or "nothing"
        text = f"{card.name} says:\n{_fenced(said)}"
        return step_result(task, "done", text, data=data, usage=usage)


def _fenced(said: str) -> str:
    """Set apart what could be read as markup of ours."""
    if not _MARKUP.search(said):
        return said
    longest = max((len(run) for run in re.findall(r"`+", said)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n{fence}text\n{said}\n{fence}"


def _unknown(card: ToolCard) -> ToolRefused:
    return ToolRefused(
        "the call was begun and its end was not seen, so nobody knows whether it was done",
        where=card.name, cure="look at what it changes; ask again if it was not done",
    )  # fmt: skip
