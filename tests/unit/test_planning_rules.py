from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from graph.agents.registry import neutral_registry, registry_of
from graph.classification.classifier import Classification
from graph.classification.rules import classify
from graph.planning.agent_choice import Affinity, no_affinity
from graph.planning.registry import Registry
from graph.planning.rules import RulePlanner
from graph.planning.validation import validate
from graph.planning.workflow_plan import AgentCapability, WorkflowPlan


def agent(agent_id: str, purpose: str, **more: object) -> AgentCapability:
    title = agent_id.replace("_", " ").capitalize()
    fields = {"kind": "rag", "capabilities": ("knowledge",), "generation": 1, **more}
    return AgentCapability(agent_id=agent_id, title=title, purpose=purpose, **fields)  # type: ignore[arg-type]


LIBRARY = registry_of(
    [
        agent("harbour_rules", "moorings, tides, harbour fees"),
        agent("garden_guide", "soil, seeds, pruning and compost"),
        agent("kitchen_manual", "ovens, recipes, hygiene"),
    ]
)


def nearness(**by_agent: float) -> Affinity:
    async def affinity(_question: str, agent_ids: Sequence[str]) -> Mapping[str, float]:
        return {one: by_agent.get(one, 0.0) for one in agent_ids}

    return affinity


async def made(
    question: str, registry: Registry | None = None, affinity: Affinity = no_affinity
) -> WorkflowPlan:
    registry = registry or neutral_registry()
    plan = await RulePlanner().plan(
        question, classify(question, registry=registry), registry, affinity
    )
    assert validate(plan, registry) == []
    return plan


def capabilities(plan: WorkflowPlan) -> dict[str, int]:
    return dict(Counter(step.capability for step in plan.steps))


@pytest.mark.parametrize(
    ("question", "shape", "wanted"),
    [
        ("Who keeps the boathouse key?", "single", {"knowledge": 1}),
        ("what is 18 * 7", "single", {"calculation": 1}),
        ("Is the crawler running?", "single", {"tool": 1}),
        ("Which tables are there?", "single", {"catalogue": 1}),
        ("Compare oak and pine for decking", "parallel_then_join", {"knowledge": 2, "comparison": 1}),
        ("Compare oak, pine and larch", "parallel_then_join", {"knowledge": 3, "comparison": 1}),
        ("Which of the three boats is fastest?", "parallel_then_join", {"knowledge": 3, "comparison": 1}),
        ("Find the day rate in the lease and compute it for 12 days", "sequential", {"knowledge": 1, "calculation": 1}),
        ("What is the phone number of the manager of the east depot?", "sequential", {"knowledge": 2}),
        ("What does the guide say about low tide, and is the pump running right now?", "parallel_then_join", {"knowledge": 1, "tool": 1, "reasoning": 1}),
        ("Draft a notice based on the harbour rules", "sequential", {"knowledge": 1, "reasoning": 1}),
        ("Average the 4 quotes", "parallel_then_join", {"knowledge": 4, "calculation": 1}),
        ("Thank you very much!", "direct", {}),
    ],
)  # fmt: skip
async def test_shapes(question: str, shape: str, wanted: dict[str, int]):
    plan = await made(question)
    assert (plan.shape, capabilities(plan), plan.clarification) == (shape, wanted, None)
    assert not plan.requires_approval


@pytest.mark.parametrize(
    "question",
    [
        "Archive the harbour log", "please send the notice to all members",
        "Summarise the tide report and email it to Jo", "If the queue is long, restart the crawler",
        "Use the seed list to order new seeds", "remvoe user pat", "Lösche den alten Entwurf",
        "Read the rules, then cancel the mooring of boat 7", "Could you roll back the last release?",
        "Draft the notice and post it on the board", "tell me the fee and pause the feed",
    ],
)  # fmt: skip
async def test_changes_always_wait_for_approval(question: str):
    plan = await made(question)
    acting = [step for step in plan.steps if step.capability == "action"]
    assert acting
    assert all(step.requires_approval for step in acting)
    assert plan.requires_approval


@pytest.mark.parametrize(
    "question",
    [
        "How do I delete a mooring?", "Preview the mail to all members without sending it",
        "Draft a letter to the council", "Don't cancel anything, only show the bookings",
        "What happens if we archive the log?", "What does 'send all' do?", "order number of the pump",
    ],
)  # fmt: skip
async def test_no_change_no_approval(question: str):
    plan = await made(question)
    assert "action" not in capabilities(plan)
    assert not plan.requires_approval


async def test_actions_wait_for_what_they_use():
    plan = await made("Use the checklist in the handbook to create tasks for the team")
    assert [step.depends_on for step in plan.steps] == [(), ("s1",)]


async def test_sides_are_asked_in_their_own_words():
    plan = await made("Compare the mooring fees of Bergen and Oslo")
    assert [step.question for step in plan.steps[:2]] == [
        "the mooring fees of Bergen",
        "the mooring fees of Oslo",
    ]


async def test_two_hops_name_what_is_resolved_first():
    plan = await made("Where was the founder of the harbour museum born?")
    assert plan.steps[0].question == "Who is the founder of the harbour museum?"
    assert plan.steps[1].depends_on == ("s1",)
    assert plan.steps[1].parameters == {"resolve": {"s1": "the founder of the harbour museum"}}


async def test_calculations_name_the_value_they_wait_for():
    plan = await made("Get the day rate from the lease and compute it for 12 days")
    assert plan.steps[1].parameters == {"expression": "s1 * 12"}


async def test_the_nearest_agent_answers():
    near = nearness(harbour_rules=0.3, garden_guide=0.71, kitchen_manual=0.2)
    plan = await made("When are the beds watered?", LIBRARY, near)
    assert [step.agent for step in plan.steps] == ["garden_guide"]


async def test_words_of_the_purpose_help():
    plan = await made("When should I do the pruning of the roses?", LIBRARY)
    assert plan.steps[0].agent == "garden_guide"


async def test_several_near_agents_are_asked_in_parallel_and_joined():
    near = nearness(harbour_rules=0.6, garden_guide=0.58, kitchen_manual=0.2)
    plan = await made("Where is the water tap?", LIBRARY, near)
    assert [step.agent for step in plan.steps] == ["harbour_rules", "garden_guide", "reasoning"]
    assert [step.policy for step in plan.steps] == ["optional", "optional", "required"]
    assert plan.shape == "parallel_then_join"


async def test_named_agents_are_asked_whatever_is_near():
    near = nearness(harbour_rules=0.9)
    plan = await made("What does the garden guide say about salt?", LIBRARY, near)
    assert [step.agent for step in plan.steps] == ["garden_guide"]


async def test_fan_out_is_bounded():
    many = registry_of([agent(f"agent_{n}", "boats") for n in range(9)])
    near = nearness(**{f"agent_{n}": 0.6 for n in range(9)})
    plan = await made("Where is the tap?", many, near)
    assert capabilities(plan) == {"knowledge": 4, "reasoning": 1}


@pytest.mark.parametrize(
    "question",
    ["it", "do it", "the thing", "tell me about that", "what is it?", "what should I do about it"],
)
async def test_unclear_questions_are_asked_back(question: str):
    plan = await made(question, LIBRARY)
    assert plan.steps == ()
    assert plan.clarification
    assert len(plan.options) == 3


async def test_no_capable_agent_says_who_there_is():
    plan = await made("Is the crawler running?", Registry(LIBRARY.by_capability("knowledge")))
    assert plan.clarification is not None
    assert "'tool'" in plan.clarification
    assert "garden_guide (knowledge)" in plan.clarification


async def test_known_actions_carry_their_arguments():
    plan = await made("Refresh the knowledge of garden_guide", LIBRARY)
    assert plan.steps[0].parameters == {"action": "refresh_knowledge", "agent_id": "garden_guide"}
    assert plan.steps[0].agent == "operations"
    assert plan.requires_approval


async def test_an_impossible_action_is_said_before_anyone_approves():
    plan = await made("Archive the log", LIBRARY)
    assert (plan.steps, plan.answerable) == ((), False)
    assert "refresh_knowledge" in (plan.clarification or "")


async def test_an_action_without_its_object_is_asked_back():
    plan = await made("Refresh the knowledge", LIBRARY)
    assert (plan.steps, plan.answerable) == ((), True)
    assert "garden_guide" in plan.options


@pytest.mark.parametrize(
    ("question", "action"),
    [
        ("If the last check of harbour_rules failed, roll it back", "rollback"),
        ("pause the harbour agent", "pause"),
        ("roll the harbour rules back", "rollback"),
    ],
)
async def test_an_operation_knows_its_agent_from_anywhere_in_the_question(
    question: str, action: str
):
    plan = await made(question, LIBRARY)
    said = {"action": action, "agent_id": "harbour_rules"}
    assert said in [step.parameters for step in plan.steps]
    assert plan.requires_approval


async def test_agents_that_are_set_side_by_side_are_asked_what_the_question_is_about():
    plan = await made("Compare how the harbour rules and the garden guide handle storms", LIBRARY)
    asked = {step.agent: step.question for step in plan.steps}
    assert {"harbour_rules", "garden_guide", "comparison"} == asked.keys()
    assert all("handle storms" in one for one in asked.values())
    plan = await made("Compare the harbour rules with the garden guide", LIBRARY)
    assert {step.agent: step.question for step in plan.steps}["garden_guide"] == "the garden guide"


async def test_agents_that_want_approval_get_it():
    strict = registry_of([agent("vault_guide", "secrets", approval="always")])
    plan = await made("Who holds the key?", strict)
    assert plan.steps[0].requires_approval
    assert plan.requires_approval


async def test_too_much_for_one_plan_is_broken_down_by_the_person():
    plan = await made(" and ".join(f"delete page {n} of the log" for n in range(40)))
    assert plan.steps == ()
    assert "in parts" in (plan.clarification or "")


@pytest.mark.parametrize(
    "text", ["delete the report and " * 800, "compare x and " * 1400, "1 + " * 5000]
)
async def test_long_questions_end_in_a_valid_plan(text: str):
    await made(text[:20_000])


async def test_the_catalogue_is_not_asked_what_stands_in_documents():
    near = nearness(garden_guide=0.6)
    plan = await made("Which index type should I use for seeds?", LIBRARY, near)
    assert [(step.agent, step.capability) for step in plan.steps] == [("garden_guide", "knowledge")]


@pytest.mark.parametrize("question", ["what can you help me with?", "which documents are there?"])
async def test_the_catalogue_says_what_there_is(question: str):
    plan = await made(question, LIBRARY, nearness(garden_guide=0.6))
    assert capabilities(plan) == {"catalogue": 1}


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the square root of 2", {"calculation": 1}),
        ("which generation of garden_guide is live?", {"tool": 1}),
        ("how many approvals are waiting?", {"tool": 1}),
    ],
)
async def test_what_needs_no_document_reads_none(question: str, wanted: dict[str, int]):
    assert capabilities(await made(question, LIBRARY)) == wanted


async def test_a_colon_before_the_sides_parts_nothing():
    plan = await made("Which is longer: the time to mend a pump, or the time to paint a boat?")
    assert [step.question for step in plan.steps[:2]] == [
        "the time to mend a pump",
        "the time to paint a boat",
    ]


async def test_the_one_after_stands_for_what_is_compared():
    plan = await made("Compare the notice period after a storm with the one after a flood")
    assert plan.steps[1].question == "the notice period after a flood"


async def test_a_year_is_not_multiplied():
    plan = await made("How much is the fee for four boats in the list of 2025?")
    assert plan.steps[-1].parameters == {"expression": "s1 * 4"}


async def test_agents_are_not_asked_for_their_own_names():
    plan = await made("What do the garden guide and the harbour rules say about salt?", LIBRARY)
    assert {step.question for step in plan.steps[:2]} == {"What do it say about salt?"}
    assert all(step.parameters == {"named": True} for step in plan.steps[:2])


async def test_without_any_knowledge_the_cure_is_said():
    plan = await made("Who keeps the key?", registry_of([]))
    assert "kb ingest" in (plan.clarification or "")


async def test_what_our_own_state_does_not_tell_is_read_where_a_passage_is_about_it():
    """Words can sound like a look at a running system where documents have the answer."""
    question = (
        "Compare how fast critical and high vulnerabilities must be fixed on internal systems"
    )
    near, far = nearness(kitchen_manual=0.5), nearness(kitchen_manual=0.1)
    asked = Classification("complex_analysis", 0.9, "model")
    plan = await RulePlanner().plan(question, asked, LIBRARY, near)
    assert [one.agent for one in plan.steps] == ["kitchen_manual", "kitchen_manual", "comparison"]
    plan = await RulePlanner().plan(question, asked, LIBRARY, far)
    assert [one.agent for one in plan.steps] == ["system", "system", "comparison"]
    for live in ("Is the crawler running?", "How much memory is left for the ovens?", "is everything running?"):  # fmt: skip
        plan = await made(live, LIBRARY, near)
        assert [step.agent for step in plan.steps] == ["system"]
    plan = await made("Check the pressure of the boiler against the manual", LIBRARY, near)
    assert "system" in [step.agent for step in plan.steps], "a reading that a rule is held against"
