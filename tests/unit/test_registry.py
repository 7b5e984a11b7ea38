import pytest

from graph.agents.registry import BUILT_IN, neutral_registry, registry_of
from graph.planning.workflow_plan import AgentCapability
from kb_contract.errors import NotServed


def live(agent_id: str, generation: int = 1) -> AgentCapability:
    return AgentCapability(
        agent_id=agent_id,
        title=agent_id,
        purpose="",
        kind="rag",
        capabilities=("knowledge",),
        generation=generation,
    )


def test_live_agents_and_built_in_ones():
    registry = registry_of([live("zoo"), live("ant")])
    assert registry.ids()[:2] == ("ant", "zoo")
    assert {one.agent_id for one in BUILT_IN} <= set(registry.ids())
    assert [one.agent_id for one in registry.by_capability("knowledge")] == ["ant", "zoo"]
    assert registry.first("tool").agent_id == "system"
    assert registry.first("action").approval == "always"


def test_built_in_kinds_are_their_ids():
    assert all(one.kind == one.agent_id for one in BUILT_IN)


def test_an_agent_never_takes_the_place_of_a_built_in_one():
    registry = registry_of([live("operations")])
    assert registry.get("operations").kind == "operations"
    assert registry.by_capability("knowledge") == ()


def test_the_digest_follows_generations_and_not_the_order():
    one, other = registry_of([live("a"), live("b")]), registry_of([live("b"), live("a")])
    assert one.digest() == other.digest()
    assert one.digest() != registry_of([live("a", 2), live("b")]).digest()


def test_lookups_say_what_there_is():
    registry = registry_of([live("harbour_rules")])
    with pytest.raises(NotServed, match=r"did you mean 'harbour_rules'\?.*agents:"):
        registry.get("harbor_rules")
    with pytest.raises(NotServed, match="no agent has the capability 'knowledge'"):
        registry_of([]).first("knowledge")


def test_the_neutral_registry_has_one_agent_per_capability():
    registry = neutral_registry()
    assert len(registry.agents) == 8
    assert all(len(one.capabilities) == 1 for one in registry.agents)
