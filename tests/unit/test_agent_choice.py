"""Who answers from documents: passages and words both count, and neither silences the other."""

from collections.abc import Mapping, Sequence

from graph.planning.agent_choice import AgentChoice
from graph.planning.workflow_plan import AgentCapability

GUIDE = AgentCapability(agent_id="the_guide", title="Guide", purpose="checks, keys and the API", capabilities=("knowledge",), kind="rag")  # fmt: skip
SAFETY = AgentCapability(agent_id="safety", title="Safety", purpose="rules", capabilities=("knowledge",), kind="rag")  # fmt: skip
FEES = AgentCapability(
    agent_id="fees", title="Fees", purpose="prices", capabilities=("knowledge",), kind="rag"
)


def _near(**known: float):
    async def affinity(_question: str, _agents: Sequence[str]) -> Mapping[str, float]:
        return known

    return AgentChoice(affinity)


async def _chosen(choice: AgentChoice, question: str) -> list[str]:
    return [one.agent_id for one in await choice.choose(question, (GUIDE, SAFETY, FEES))]


async def test_what_an_agent_says_of_itself_keeps_no_nearer_passage_from_being_read():
    choice = _near(the_guide=0.41, safety=0.45, fees=0.1)
    assert await _chosen(choice, "I pushed an API key, who checks?") == ["the_guide", "safety"]


async def test_who_is_far_is_not_asked_and_far_passages_add_nobody():
    assert await _chosen(_near(the_guide=0.2, safety=0.6, fees=0.1), "a fire") == ["safety"]
    assert await _chosen(_near(the_guide=0.2, safety=0.24, fees=0.1), "the API keys and checks") == ["the_guide"]  # fmt: skip
    assert await _chosen(_near(the_guide=0.4, safety=0.34, fees=0.1), "a fire") == ["the_guide"]


async def test_where_nobody_is_near_the_nearest_few_are_asked():
    assert await _chosen(_near(the_guide=0.33, safety=0.32, fees=0.2), "what now?") == ["the_guide", "safety"]  # fmt: skip
    assert await _chosen(_near(the_guide=0.15, safety=0.14, fees=0.1), "mercury") == ["the_guide"]
