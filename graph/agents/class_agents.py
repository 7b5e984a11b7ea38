"""Agents that are classes: loaded from packages, asked like every other agent."""

import asyncio
import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, cast

import structlog

from graph.agents.base_agent import WORK, BaseAgent, Services, Work
from graph.agents.cited_sentences import cited_claims
from graph.agents.step_results import step_result
from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask
from graph.state import StepResult, Unsupported
from kb_contract.errors import NotServed

log = structlog.get_logger(__name__)
GROUP: Final = "scriptorium.agents"
PREFIX: Final = "class:"
MOST_UNCITED: Final = 20
AgentClass = type[BaseAgent]


@dataclass(frozen=True)
class Loaded:
    """Classes by name, and what could not be loaded and why."""

    classes: Mapping[str, AgentClass]
    problems: Mapping[str, str]


def load_classes(
    registered: Mapping[str, AgentClass] | None = None, found: Iterable[EntryPoint] | None = None
) -> Loaded:
    """Load what packages offer; one that is broken is named, and the others work."""
    classes: dict[str, AgentClass] = {}
    problems: dict[str, str] = {}
    for one in sorted(found or entry_points(group=GROUP), key=lambda point: point.name):
        try:
            classes[one.name] = _checked(one.load())
        except Exception as error:  # noqa: BLE001 - code of others may fail in any way
            problems[one.name] = f"{type(error).__name__}: {str(error)[:300]}"
            log.warning("agent class left out", name=one.name, error=problems[one.name])
    return Loaded({**classes, **(registered or {})}, problems)


def _checked(found: Any) -> AgentClass:
    if not (isinstance(found, type) and issubclass(found, BaseAgent)):
        raise TypeError(f"{found!r} is no class derived from graph.agents.base_agent.BaseAgent")
    if found.execute is BaseAgent.execute:
        raise TypeError(f"{found.__name__} has no method execute(query, **kwargs)")
    return found


@dataclass
class ClassAgents:
    """Makes an agent of a class when it is first asked, one for each id."""

    classes: Mapping[str, AgentClass]
    services: Services
    _made: dict[tuple[str, str], BaseAgent] = field(
        default_factory=dict[tuple[str, str], BaseAgent], init=False
    )

    async def __call__(self, task: AgentTask) -> StepResult:
        agent = self._agent(task)
        work = Work(task)
        held = WORK.set(work)
        try:
            said = await _executed(agent, task)
        finally:
            WORK.reset(held)
        return _result(task, said, work)

    def capabilities(self, live: Sequence[AgentCapability]) -> list[AgentCapability]:
        """Describe the classes that no folder uses, as agents of their own."""
        used = {one.kind.removeprefix(PREFIX) for one in live if one.kind.startswith(PREFIX)}
        taken = used | {one.agent_id for one in live}
        return [_card(name, one) for name, one in self.classes.items() if name not in taken]

    def _agent(self, task: AgentTask) -> BaseAgent:
        name, agent_id = task.agent.kind.removeprefix(PREFIX), task.agent.agent_id
        if name not in self.classes:
            raise NotServed(
                f"no class is registered under {name!r}", where=agent_id,
                cure=f"install the package that has it; there are: {', '.join(self.classes) or 'none'}",
            )  # fmt: skip
        if (name, agent_id) not in self._made:
            agent = self.classes[name](agent_id)
            agent.use(self.services)
            self._made[name, agent_id] = agent
        return self._made[name, agent_id]


def _card(name: str, one: AgentClass) -> AgentCapability:
    return AgentCapability(
        agent_id=name,
        title=one.title or name.replace("_", " ").capitalize(),
        purpose=one.purpose or inspect.getdoc(one) or "",
        kind=f"{PREFIX}{name}",
        capabilities=one.capabilities,
        tags=one.tags,
        model_tier=one.model_tier,
        approval="always" if "action" in one.capabilities else one.approval,
        seconds=one.seconds,
        cost=one.cost,
        input_schema=one.input_schema,
        output_schema=one.output_schema,
        tool_patterns=one.tools,
        audience=one.audience,
    )


async def _executed(agent: BaseAgent, task: AgentTask) -> Any:
    given: dict[str, Any] = {
        **{name: one for name, one in task.parameters.items() if name.isidentifier()},
        "inputs": {step: one["text"] for step, one in task.inputs.items()},
    }
    given.pop("query", None)
    if inspect.iscoroutinefunction(agent.execute):
        return await agent.execute(task.question, **given)
    # A plain function may take its time; in a thread it does not hold up everybody else.
    said = await asyncio.to_thread(lambda: cast("Any", agent.execute)(task.question, **given))
    return await said if inspect.isawaitable(said) else said


def _result(task: AgentTask, said: Any, work: Work) -> StepResult:
    if not isinstance(said, str):
        raise TypeError(f"execute gave {type(said).__name__}, and a text is needed")
    if not said.strip():
        text = f"{task.agent.title} has nothing about this."
        return step_result(task, "nothing_found", text, passages=work.passages, usage=work.usage)
    claims, rest = cited_claims(said, work.passages)
    uncited: list[Unsupported] = [{"text": one, "why": "no_quote"} for one in rest[:MOST_UNCITED]]
    data = {
        "written_by": f"class {task.agent.kind.removeprefix(PREFIX)}",
        "uncited": rest[:MOST_UNCITED],
        "unsupported": uncited if claims else [],
    }
    return step_result(
        task, "done", said, claims=claims, passages=work.passages, data=data, usage=work.usage
    )
