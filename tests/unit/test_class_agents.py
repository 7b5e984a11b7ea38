"""Agents that are classes: found by entry point, checked, asked; broken ones are named."""

import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from graph.agents.agents_graph import node_for
from graph.agents.base_agent import BaseAgent, Services
from graph.agents.cited_sentences import cited_claims
from graph.agents.class_agents import GROUP, ClassAgents, load_classes
from graph.agents.registry import LiveRegistry
from graph.ports import AgentTask
from kb_contract.errors import BadIdentifier, BadInput, NotServed
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

TEXT = "# Berths\n\nA visiting yacht may stay for 48 hours. Fishing boats pay 12 euros a day.\n"
PLUGIN = '''
from graph.agents.base_agent import BaseAgent


class SecurityAgent(BaseAgent):
    """Answers about security."""

    capabilities = ("knowledge", "reasoning")
    tags = ("security",)
    seconds, cost, audience = 2.5, 0.01, ()

    async def execute(self, query, **kwargs):
        found = await self.get_relevant_knowledge(query, tags=kwargs.get("tags"), limit=3)
        context = "\\n".join(one["chunk"] for one in found)
        if self.has_model:
            return await self.write(f"Context: {context}\\nQuestion: {query}\\nAnswer:")
        return "\\n".join(f"{one['chunk'].splitlines()[-1]} {one['source']}" for one in found)


class NoExecute(BaseAgent):
    pass
'''
ENTRY_POINTS = """[scriptorium.agents]
harbour_guard = harbour_plugin:SecurityAgent
no_execute = harbour_plugin:NoExecute
no_class = harbour_plugin:BaseAgent.execute
not_there = harbour_plugin:Nothing
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package as pip leaves it: a module, and metadata beside it."""
    (tmp_path / "harbour_plugin.py").write_text(PLUGIN)
    about = tmp_path / "harbour_plugin-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: harbour-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("harbour_plugin", None)


@pytest.fixture
def knowledge() -> InMemoryKnowledge:
    made = InMemoryKnowledge()
    made.add_agent("harbour_guard", kind="class:harbour_guard", capabilities=("knowledge",))
    made.add_document("harbour_guard", "berths.md", TEXT)
    made.tags["berths.md"] = {"berths"}
    return made


def task(agent: Any, question: str, **parameters: Any) -> AgentTask:
    return AgentTask("s1", agent, "knowledge", question, parameters, {}, "standard")


async def test_a_package_brings_an_agent(installed: Path, knowledge: InMemoryKnowledge):
    loaded = load_classes()
    assert "harbour_guard" in loaded.classes
    assert set(loaded.problems) == {"no_execute", "no_class", "not_there"}
    assert "no method execute" in loaded.problems["no_execute"]
    assert entry_points(group=GROUP)
    agents = ClassAgents(loaded.classes, Services(knowledge))
    registry = await LiveRegistry(knowledge, agents).current()
    card = registry.get("harbour_guard")
    assert (
        node_for(
            {
                "agent": {"kind": card.kind},
                "capability": "knowledge",
                "parameters": {},
                "step_id": "s",
            },
            {"class": agents},
        )
        == "class"
    )  # type: ignore[dict-item]
    result = await agents(task(card, "How long may a visiting yacht stay?"))
    assert result["status"] == "done"
    assert "48 hours" in result["claims"][0]["text"]
    assert result["claims"][0]["quotes"][0]["text"] in TEXT
    assert result["passages"][0]["agent_id"] == "harbour_guard"
    tagged = await agents(task(card, "How long may a visiting yacht stay?", tags=["other"]))
    assert (tagged["status"], tagged["passages"]) == ("nothing_found", [])


async def test_a_class_without_a_folder_is_an_agent_of_its_own(installed: Path):
    agents = ClassAgents(load_classes().classes, Services(InMemoryKnowledge()))
    (card,) = agents.capabilities([])
    assert (card.agent_id, card.kind) == ("harbour_guard", "class:harbour_guard")
    assert (card.purpose, card.seconds, card.cost) == ("Answers about security.", 2.5, 0.01)
    assert card.capabilities == ("knowledge", "reasoning")


class Plain(BaseAgent):
    audience = ("crew",)

    def execute(self, query: str, **kwargs: Any) -> str:  # type: ignore[override]
        return f"{query} {sorted(kwargs)}"


class Odd(BaseAgent):
    async def execute(self, query: str, **kwargs: Any) -> Any:
        return {"answer": 7}


async def test_plain_functions_work_and_odd_answers_fail():
    agents = ClassAgents({"plain": Plain, "odd": Odd}, Services(InMemoryKnowledge()))
    cards = {one.agent_id: one for one in agents.capabilities([])}
    done = await agents(task(cards["plain"], "Hello?", colour="red", query="mine"))
    assert done["text"] == "Hello? ['colour', 'inputs']"
    with pytest.raises(TypeError, match="gave dict"):
        await agents(task(cards["odd"], "Hello?"))
    gone = cards["odd"].model_copy(update={"kind": "class:gone"})
    with pytest.raises(NotServed, match="no class is registered under 'gone'"):
        await agents(task(gone, "Hello?"))


async def test_agents_are_there_for_their_audience_alone():
    agents = ClassAgents({"plain": Plain}, Services(InMemoryKnowledge()))
    nobody = LiveRegistry(InMemoryKnowledge(), agents, None, lambda: ("everyone",))
    crew = LiveRegistry(InMemoryKnowledge(), agents, None, lambda: ("everyone", "crew"))
    assert (await nobody.current()).find("plain") is None
    assert (await crew.current()).find("plain") is not None


async def test_the_base_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="must have a method execute"):
        await BaseAgent("any").execute("x")
    with pytest.raises(BadInput, match=r"call agent\.use"):
        await BaseAgent("any").get_relevant_knowledge("x")
    with pytest.raises(BadIdentifier):
        BaseAgent("No Name")


async def test_knowledge_is_the_agents_own(knowledge: InMemoryKnowledge):
    knowledge.add_document(
        "other", "secret.md", "# Secret\n\nA visiting yacht may stay for ever.\n"
    )
    agent = BaseAgent("harbour_guard")
    agent.use(Services(knowledge))
    found = await agent.get_relevant_knowledge("visiting yacht stay", limit=5)
    assert [one["path"] for one in found] == ["berths.md"]
    assert 0 < found[0]["score"] <= 1
    assert found[0]["chunk"] == TEXT.rstrip()


async def test_only_what_stands_in_a_passage_is_cited(knowledge: InMemoryKnowledge):
    passages = await knowledge.search("harbour_guard", "visiting yacht stay boats pay")
    claims, rest = cited_claims(
        "Yachts stay 48 hours. [1] Yachts stay 99 hours. [1] Fishing boats pay 12 euros a day. "
        "The moon is made of cheese. See [7].",
        passages,
    )
    assert [one["text"] for one in claims] == [
        "Yachts stay 48 hours.",
        "Fishing boats pay 12 euros a day.",
    ]
    assert any("99" in one for one in rest)
    assert any("cheese" in one for one in rest)
