"""Plans by rules and a small trained reading: no provider, the same plan for the same question."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from graph.classification.classifier import Classification
from graph.classification.live_state import asks_live_state
from graph.classification.spelling import fold
from graph.planning.agent_choice import Affinity, AgentChoice, named_in, without_names
from graph.planning.asking_back import (
    AskedBack,
    action_parameters,
    compares_only,
    impossible_action,
    nobody_can,
    parts_of,
    possible_actions,
    says_nothing,
    unclear,
)
from graph.planning.chosen_type import as_chosen, chosen_type
from graph.planning.clause_kinds import asks_for_stock
from graph.planning.decomposition import sketch_of
from graph.planning.dependencies import shape_of
from graph.planning.estimates import Estimator
from graph.planning.grounding import (
    changes_asked,
    grounded,
    may_be_done,
    without_wordless_deeds,
)
from graph.planning.live_readings import reads_live_state
from graph.planning.needs_reading import NeedsReader
from graph.planning.operation_names import operation_named
from graph.planning.own_state import is_told
from graph.planning.registry import Registry
from graph.planning.sketch import Need, Sketch
from graph.planning.tiers import with_tiers
from graph.planning.tool_choice import calling_agents, tool_parameters
from graph.planning.validation import validate
from graph.planning.workflow_plan import AgentCapability, Shape, WorkflowPlan, WorkflowStep
from kb_contract.agent_manifest import Capability

# What another agent may do when nobody has the capability itself.
_STAND_INS: Final[Mapping[Capability, tuple[Capability, ...]]] = {
    "comparison": ("reasoning", "synthesis"),
    "reasoning": ("synthesis",),
    "synthesis": ("reasoning",),
    "catalogue": ("knowledge",),
}
_ACTION_SECONDS: Final = 120.0


@dataclass(frozen=True)
class RulePlanner:
    """The planner that always works; the rules give steps their words, the reading says which there are."""

    estimator: Estimator = field(default_factory=Estimator)
    most_agents: int = 4
    needs: NeedsReader = field(default_factory=NeedsReader)
    """A trained reading beside the rules."""

    async def plan(
        self,
        question: str,
        classification: Classification,
        registry: Registry,
        affinity: Affinity,
    ) -> WorkflowPlan:
        """Make a plan, or a question back to the person."""
        draft = _Draft(question, classification, registry)
        if classification.path == "small_talk":
            return draft.finished((), ("politeness needs no agent",), shape="direct")
        # "What can you do?" names nothing either, and is about what there is.
        if says_nothing(question) and classification.query_type != "schema_discovery":
            return draft.asking(unclear(registry))
        ruled = sketch_of(question, analysis=classification.query_type == "complex_analysis")
        ruled = as_chosen(ruled, chosen_type(classification), question)
        choice = AgentChoice(affinity, most=self.most_agents)
        sketch = changes_asked(question, registry) or await self._read(ruled, draft)
        if not sketch.needs:
            return draft.finished((), ("politeness needs no agent",), shape="direct")
        orders = classification.query_type == "tool_operation" or may_be_done(question, registry)
        sketch = without_wordless_deeds(sketch, orders=orders)
        sketch = await grounded(sketch, choice, registry)
        if refused := impossible_action(sketch, registry, question):
            return draft.asking(refused)
        missing = [one.capability for one in sketch.needs if not _able(one.capability, registry)]
        if missing:
            return draft.asking(AskedBack(nobody_can(missing[0], registry)))
        steps = await _Casting(registry, choice, question).steps(sketch)
        plan = draft.finished(steps, _reasons(sketch, steps))
        if problems := validate(plan, registry):
            said = "; ".join(map(str, problems))
            parts = parts_of([need.question for need in sketch.needs])
            asked = f"This is too much for one plan; ask it in parts, for instance as below. {said}"
            return draft.asking(AskedBack(asked, parts))
        return self.estimator.plan(with_tiers(plan, registry), registry)

    async def _read(self, ruled: Sketch, draft: "_Draft") -> Sketch:
        """Who names agents knows what to ask them; the reading then only looks for deeds.

        One order that the writer knows, and nothing else, needs no reading.
        """
        orders = [one.question for one in ruled.needs if one.capability == "action"]
        known = [one for one in orders if operation_named(one) in possible_actions(draft.registry)]
        if len(known) == len(ruled.needs) == 1:
            return ruled
        asked = draft.question
        joined = await asyncio.to_thread(self.needs.joined, ruled, asked, draft.classification)
        acts = any(one.capability == "action" for one in joined.needs)
        return joined if acts or not named_in(asked, draft.registry.agents) else ruled


@dataclass(frozen=True)
class _Draft:
    """What every plan for this question has in common."""

    question: str
    classification: Classification
    registry: Registry

    def finished(
        self,
        steps: tuple[WorkflowStep, ...],
        reasons: tuple[str, ...],
        shape: Shape | None = None,
    ) -> WorkflowPlan:
        return WorkflowPlan(
            query=self.question,
            query_type=self.classification.query_type,
            shape=shape or shape_of(steps),
            steps=steps,
            requires_approval=any(step.requires_approval for step in steps),
            reasons=reasons,
            registry_digest=self.registry.digest(),
        )

    def asking(self, back: AskedBack) -> WorkflowPlan:
        plan = self.finished((), ("the person is asked back",), shape="direct")
        asked = {"clarification": back.said, "options": back.options, "answerable": back.answerable}
        return plan.model_copy(update=asked)


def _able(capability: Capability, registry: Registry) -> tuple[AgentCapability, ...]:
    for wanted in (capability, *_STAND_INS.get(capability, ())):
        if able := registry.by_capability(wanted):
            return able
    return ()


@dataclass(frozen=True)
class _Casting:
    """Gives every need to an agent, or to several."""

    registry: Registry
    choice: AgentChoice
    question: str

    async def steps(self, sketch: Sketch) -> tuple[WorkflowStep, ...]:
        steps: list[WorkflowStep] = []
        # A reading beside a rule is held against it, and is no other rule.
        looked_up = any(one.capability == "knowledge" for one in sketch.needs)
        for asked in sketch.needs:
            agents = await self._agents(asked)
            if asked.capability == "tool" and not looked_up:
                agents = await self._elsewhere(asked, agents) or agents
            need = replace(asked, question=self._unnamed(asked, agents))
            if len(agents) > 1:
                named = need.question != asked.question
                return self._spread(_for_named(need) if named else need, agents)
            steps.append(self._step(need, agents[0]))
        return tuple(steps)

    def _unnamed(self, need: Need, agents: Sequence[AgentCapability]) -> str:
        """Ask without the agents' names; a side that is but a name is asked the whole question."""
        unnamed = without_names(need.question, agents)
        if not says_nothing(unnamed):
            return unnamed
        whole = without_names(self.question, self.registry.by_capability("knowledge"))
        return need.question if compares_only(whole) else whole

    async def _agents(self, need: Need) -> Sequence[AgentCapability]:
        able = _able(need.capability, self.registry)
        elsewhere = "topic" not in need.parameters and not asks_for_stock(need.question)
        if need.capability == "catalogue" and elsewhere:
            near = await self.choice.near(need.question, _able("knowledge", self.registry))
            return near[:1] or able[:1]
        if need.capability in {"tool", "action"}:
            return calling_agents(need.question, able, changing=need.capability == "action")
        if need.capability != "knowledge":
            return able[:1]
        chosen = await self.choice.choose(need.question, able)
        return chosen if need.spread else chosen[:1]

    async def _elsewhere(
        self, need: Need, calling: Sequence[AgentCapability]
    ) -> Sequence[AgentCapability]:
        """Who has a passage about what sounds like our own live state, where no word asks for a reading of any."""
        own = all(one.kind == "system" for one in calling)
        asked = fold(need.question)
        if (
            not own
            or is_told(asked)
            or asks_live_state(fold(self.question))
            or reads_live_state(asked)
        ):
            return ()
        return (await self.choice.near(need.question, _able("knowledge", self.registry)))[:1]

    def _step(self, need: Need, agent: AgentCapability) -> WorkflowStep:
        acting = need.capability == "action"
        given: dict[str, Any] = (
            action_parameters(need, self.registry, self.question) if acting else {}
        )
        if agent.tools and need.capability in {"tool", "action"}:
            given = tool_parameters(need.question, agent, changing=acting)
        able = need.capability in agent.capabilities
        return WorkflowStep(
            step_id=need.key,
            agent=agent.agent_id,
            capability=need.capability if able else agent.capabilities[0],
            question=need.question,
            parameters={**need.parameters, **given},
            depends_on=need.after,
            requires_approval=acting or agent.approval == "always",
            timeout_seconds=_ACTION_SECONDS if acting else 60.0,
        )

    def _spread(self, need: Need, agents: Sequence[AgentCapability]) -> tuple[WorkflowStep, ...]:
        """Several agents may know: each is asked, none must answer, and what they say is joined."""
        asked = [
            self._step(need, agent).model_copy(
                update={"step_id": f"s{number}", "policy": "optional"}
            )
            for number, agent in enumerate(agents, start=1)
        ]
        joiners = _able("reasoning", self.registry)
        if not joiners:
            return (*asked,)
        join = Need(
            f"s{len(asked) + 1}", "reasoning", need.question, tuple(one.step_id for one in asked)
        )
        return (*asked, self._step(join, joiners[0]))


def _for_named(need: Need) -> Need:
    return replace(need, parameters={**need.parameters, "named": True})


def _reasons(sketch: Sketch, steps: Sequence[WorkflowStep]) -> tuple[str, ...]:
    needs = ", ".join(need.capability for need in sketch.needs)
    agents = ", ".join(dict.fromkeys(step.agent for step in steps))
    return (f"the question needs: {needs}", f"given to: {agents}")
