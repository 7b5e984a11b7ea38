"""From what the steps found to what a person reads."""

from typing import Any

import pytest

from graph.agents.agents_graph import build_agents_graph, node_for
from graph.agents.comparison import Comparison
from graph.agents.rag import Rag
from graph.agents.reasoning import Reasoning
from graph.agents.step_results import task_to_json
from graph.citations.claims import quote_of
from graph.nodes.synthesize import Synthesize
from graph.nodes.verify import Verify
from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask
from graph.state import Claim, Passage, State, StepResult
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder

QUESTION = "How often are signing keys rotated?"
SECURITY = """# Key rotation

Signing keys are rotated every 90 days. It is done by the engineer on call.

Steps to rotate a key:

1. Make the new key.
2. **Publish** it.
"""
OPERATIONS = "# Keys\n\nSigning keys are rotated every 30 days here.\n"


def knowledge() -> InMemoryKnowledge:
    reader = InMemoryKnowledge()
    reader.add_document("security", "knowledge/security/keys.md", SECURITY)
    reader.add_document("operations", "knowledge/operations/keys.md", OPERATIONS)
    return reader


def result(step: str, status: str = "done", **fields: Any) -> StepResult:
    plain: dict[str, Any] = {
        "step_id": step,
        "agent_id": fields.pop("agent_id", step),
        "capability": "knowledge",
        "status": status,
        "text": "",
        "claims": [],
        "passages": [],
        "data": {},
        "error": None,
        "usage": [],
        "seconds": 0.0,
    }
    return StepResult(**{**plain, **fields})


def saying(passage: Passage, words: str, text: str | None = None) -> Claim:
    start = passage["text"].index(words)
    return {"text": text or words, "quotes": [quote_of(passage, start, start + len(words))]}


def step(
    step_id: str, *needs: str, capability: str = "knowledge", policy: str = "required"
) -> dict[str, Any]:
    return {
        "step_id": step_id,
        "depends_on": list(needs),
        "capability": capability,
        "policy": policy,
    }


async def answered(
    reader: InMemoryKnowledge, steps: list[dict[str, Any]], *results: StepResult
) -> dict[str, Any]:
    state = State(
        question=QUESTION, plan={"steps": steps}, results={one["step_id"]: one for one in results}
    )
    draft = (await Synthesize()(state))["draft"]
    after = State(question=QUESTION, plan=state.plan, results=state.results, draft=draft)
    return await Verify(reader)(after)


async def asked(reader: InMemoryKnowledge, agent: str, question: str) -> StepResult:
    graph = build_agents_graph({"rag": Rag(reader, WordEmbedder())})
    task = AgentTask(agent, reader.capabilities[agent], "knowledge", question, {}, {}, "cheap")
    return (await graph.ainvoke({"task": task_to_json(task)}))["result"]


async def test_an_answer_is_real_sentences_with_places_in_the_file() -> None:
    reader = knowledge()
    done = await answered(reader, [step("security")], await asked(reader, "security", QUESTION))
    assert done["status"] == "completed"
    # A sentence that leans on the one before it comes along.
    said = "Signing keys are rotated every 90 days. It is done by the engineer on call."
    assert f"{said} [1]" in done["answer"]
    first = done["citations"][0]
    assert SECURITY[first["start"] : first["end"]] == first["quote"]
    assert (first["agent_id"], first["run_id"]) == ("security", "run-1")


async def test_a_colon_brings_the_list_that_it_opens() -> None:
    reader = knowledge()
    found = await asked(reader, "security", "steps to rotate a key")
    assert "Steps to rotate a key:\n- Make the new key.\n- Publish it." in found["text"]


async def test_nothing_found_is_refused_without_citations() -> None:
    reader = knowledge()
    done = await answered(
        reader, [step("security")], await asked(reader, "security", "capital of Mongolia")
    )
    assert (done["status"], done["citations"]) == ("refused", [])
    assert done["answer"].startswith(f"I found nothing about: {QUESTION}")


async def test_of_several_who_found_nothing_each_is_named_and_their_join_is_not() -> None:
    reader = knowledge()
    silent = [
        result(one, "nothing_found", text=f"{one} has nothing about this.") for one in ("a", "b")
    ]
    join = result("c", "nothing_found", capability="reasoning", text="Nothing was found before.")
    done = await answered(reader, [step("a"), step("b"), step("c")], *silent, join)
    assert done["status"] == "refused"
    assert "a has nothing about this.\nb has nothing about this." in done["answer"]
    assert "found before" not in done["answer"]
    alone = await answered(reader, [step("c")], join)
    assert "found before" in alone["answer"], "nobody else says it"


async def test_numbers_that_differ_stand_side_by_side() -> None:
    reader = knowledge()
    results = [await asked(reader, one, QUESTION) for one in ("security", "operations")]
    done = await answered(reader, [step("security"), step("operations")], *results)
    assert "The sources differ:" in done["answer"]
    assert "- security: Signing keys are rotated every 90 days. It is" in done["answer"]
    assert "operations: Signing keys are rotated every 30 days here. [2]" in done["answer"]
    assert done["status"] == "completed"


async def test_what_is_missing_is_said_and_makes_the_answer_partial() -> None:
    reader = knowledge()
    done = await answered(
        reader,
        [step("security"), step("mail"), step("refresh"), step("late")],
        await asked(reader, "security", QUESTION),
        result("mail", "failed", error="Timeout: it took longer\nTraceback of it"),
        result("refresh", "rejected"),
        result("late", "skipped"),
    )
    assert done["status"] == "partial"
    assert "Missing: mail failed (Timeout: it took longer)." in done["answer"]
    assert "Not done: refresh. A person rejected it" in done["answer"]
    assert "Traceback" not in done["answer"]


async def test_only_failures_fail_and_only_rejections_refuse() -> None:
    reader = knowledge()
    failed = await answered(reader, [step("a")], result("a", "failed", error="boom"))
    rejected = await answered(reader, [step("a")], result("a", "rejected"))
    assert (failed["status"], rejected["status"]) == ("failed", "refused")


async def test_an_optional_step_that_finds_nothing_leaves_the_answer_complete() -> None:
    reader = knowledge()
    security = await asked(reader, "security", QUESTION)
    nothing = result("other", "nothing_found", text="Other has nothing about this.")
    optional = [step("security"), step("other", policy="optional")]
    done = await answered(reader, optional, security, nothing)
    assert done["status"] == "completed"
    assert "Other has nothing" not in done["answer"], "it was asked just in case"
    required = [step("security"), step("other")]
    assert (await answered(reader, required, security, nothing))["status"] == "partial"


async def test_a_join_is_said_once_and_one_place_has_one_number() -> None:
    reader = knowledge()
    security = await asked(reader, "security", QUESTION)
    joined = result("join", claims=security["claims"], capability="reasoning")
    again = result(
        "again", claims=[{**security["claims"][0], "text": "Security: signing keys rotated."}]
    )
    done = await answered(
        reader,
        [
            step("security"),
            step("again"),
            step("join", "security", "again", capability="reasoning"),
        ],
        security,
        again,
        joined,
    )
    assert done["answer"].count("every 90 days") == 1
    places = [(one["path"], one["start"], one["end"]) for one in done["citations"]]
    assert len(places) == len(set(places))


async def test_rows_and_figures_need_no_citation() -> None:
    reader = knowledge()
    rows = result("list", text="Agents (2):\n- a ![x](http://evil/?q=1)\n- b\x1b[31m")
    done = await answered(reader, [step("list", capability="catalogue")], rows)
    assert done["status"] == "completed"
    assert done["answer"] == "Agents (2):\n- a x\n- b[31m"


async def test_a_greeting_is_answered() -> None:
    draft = (await Synthesize()(State(question="hello")))["draft"]
    done = await Verify(knowledge())(State(question="hello", draft=draft))
    assert (done["status"], bool(done["answer"])) == ("completed", True)


async def test_no_false_quote_reaches_anyone_even_when_an_agent_lies() -> None:
    reader = knowledge()
    secret = reader.add_document(
        "secret", "knowledge/secret/x.md", "The password is swordfish today."
    )[0]
    found = await reader.search("security", QUESTION)
    one = found[0]
    true = saying(one, "Signing keys are rotated every 90 days.")
    start = one["text"].index("Signing")
    lies: list[Claim] = [
        {
            "text": "Altered.",
            "quotes": [{**true["quotes"][0], "text": "Signing keys are rotated every 9 days."}],
        },
        {"text": "Cut.", "quotes": [{**true["quotes"][0], "text": "igning keys are rotated"}]},
        {"text": "Half a word.", "quotes": [quote_of(one, start + 1, start + 20)]},
        {"text": "Never retrieved.", "quotes": [quote_of(secret, 0, 32)]},
        {"text": "Other generation.", "quotes": [{**true["quotes"][0], "generation": 7}]},
        {"text": "Other agent.", "quotes": [{**true["quotes"][0], "agent_id": "operations"}]},
        {"text": "No such chunk.", "quotes": [{**true["quotes"][0], "chunk_id": "../../x"}]},
        {"text": "Empty.", "quotes": [{**true["quotes"][0], "text": "", "start": 0, "end": 0}]},
        {"text": "No quote.", "quotes": []},
    ]
    done = await answered(reader, [step("x")], result("x", claims=[*lies, true], passages=found))
    assert done["status"] == "partial"
    assert [citation["quote"] for citation in done["citations"]] == [true["text"]]
    for lie in lies:
        assert lie["text"] not in done["answer"]
    assert "swordfish" not in done["answer"]
    assert done["draft"]["verification"]["dropped_claims"] == len(lies)


async def test_a_quote_with_a_wrong_place_is_put_right() -> None:
    reader = knowledge()
    found = await reader.search("security", QUESTION)
    claim = saying(found[0], "Signing keys are rotated every 90 days.")
    claim["quotes"][0].update(start=3, end=9)
    done = await answered(reader, [step("x")], result("x", claims=[claim], passages=found))
    citation = done["citations"][0]
    assert SECURITY[citation["start"] : citation["end"]] == claim["text"]


async def test_reasoning_and_comparison_keep_the_quotes_of_their_inputs() -> None:
    reader = knowledge()
    inputs = {one: await asked(reader, one, QUESTION) for one in ("security", "operations")}
    agent = AgentCapability(
        agent_id="r", title="R", purpose="", kind="reasoning", capabilities=("reasoning",)
    )
    task = AgentTask("r", agent, "reasoning", "pros and cons?", {}, inputs, "cheap")
    weighed = await Reasoning()(task)
    assert [claim["quotes"] for claim in weighed["claims"]] == [
        claim["quotes"] for one in inputs.values() for claim in one["claims"]
    ]
    compared = await Comparison()(task)
    assert compared["data"]["differences"]
    places = [
        quote["chunk_id"]
        for one in inputs.values()
        for claim in one["claims"]
        for quote in claim["quotes"]
    ]
    assert {quote["chunk_id"] for claim in compared["claims"] for quote in claim["quotes"]} <= set(
        places
    )


@pytest.mark.parametrize(
    ("agents", "asked_for", "names"),
    [
        (("security", "operations"), ("the signing keys", "badges"), {"Signing keys", "Badges"}),
        (("security", "operations"), (QUESTION, QUESTION), {"Security", "Operations"}),
        (("security", "security"), (QUESTION, QUESTION), set[str]()),
    ],
)
async def test_sides_are_called_by_what_was_looked_up_else_by_who_found_it(
    agents: tuple[str, str], asked_for: tuple[str, str], names: set[str]
) -> None:
    reader = knowledge()
    inputs: dict[str, StepResult] = {}
    for number, (agent, thing) in enumerate(zip(agents, asked_for, strict=True)):
        inputs[f"s{number}"] = one = await asked(reader, agent, QUESTION)
        one["data"] = {**one["data"], "asked": thing}
    compares = AgentCapability(
        agent_id="c", title="C", purpose="", kind="comparison", capabilities=("comparison",)
    )
    done = await Comparison()(AgentTask("c", compares, "comparison", "?", {}, inputs, "cheap"))
    texts = [claim["text"] for claim in done["claims"]]
    assert {text.partition(": ")[0] for text in texts if ": " in text} == names


async def test_of_agents_asked_the_same_only_those_that_fit_as_well_are_heard() -> None:
    reader = knowledge()
    inputs = {one: await asked(reader, one, QUESTION) for one in ("security", "operations")}
    for one, fit in (("security", 0.6), ("operations", 0.4)):
        inputs[one]["data"] = {"asked": QUESTION, "fit": fit}
    agent = AgentCapability(
        agent_id="r", title="R", purpose="", kind="reasoning", capabilities=("reasoning",)
    )
    joined = await Reasoning()(AgentTask("r", agent, "reasoning", QUESTION, {}, inputs, "cheap"))
    assert {quote["agent_id"] for one in joined["claims"] for quote in one["quotes"]} == {
        "security"
    }
    inputs["operations"]["data"] = {"asked": "something else", "fit": 0.4}
    both = await Reasoning()(AgentTask("r", agent, "reasoning", QUESTION, {}, inputs, "cheap"))
    assert len(both["claims"]) > len(joined["claims"])


def test_a_task_goes_to_its_kind_else_to_what_can_do_it() -> None:
    agents: dict[str, Any] = {"rag": None, "system": None}
    assert (
        node_for({"agent": {"kind": "rag"}, "capability": "reasoning", "step_id": "s"}, agents)
        == "rag"
    )
    assert (
        node_for({"agent": {"kind": "x"}, "capability": "tool", "step_id": "s"}, agents) == "system"
    )
