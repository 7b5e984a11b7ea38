"""What verification makes of a draft: coverage, conflicts side by side, and citations once each."""

from datetime import UTC, datetime
from typing import Any

import pytest

from graph.citations.claims import quote_of
from graph.citations.disagreements import ConflictRule, decided
from graph.nodes.synthesize import Synthesize
from graph.nodes.verify import Verify
from graph.state import Claim, Passage, SourceFacts, State, StepResult
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

NOW = datetime(2026, 6, 15, tzinfo=UTC)
OLD: SourceFacts = {
    "version": "1.9", "effective": "2024-01-01T00:00:00+00:00", "expires": None, "owners": ["ann"],
}  # fmt: skip
NEW: SourceFacts = {
    "version": "1.10", "effective": "2026-01-01T00:00:00+00:00", "expires": None, "owners": ["bob"],
}  # fmt: skip
UNSAID: SourceFacts = {"version": None, "effective": None, "expires": None, "owners": []}


def published(
    reader: InMemoryKnowledge, agent: str, name: str, text: str, facts: SourceFacts = UNSAID
) -> Passage:
    path = f"knowledge/{agent}/{name}.md"
    reader.add_document(agent, path, text, title=name)
    for one in reader.chunks[agent, reader.capabilities[agent].generation or 0]:
        if one["path"] == path:
            one["source"] = facts
    return next(one for one in _live(reader, agent) if one["path"] == path)


def _live(reader: InMemoryKnowledge, agent: str) -> list[Passage]:
    return reader.chunks[agent, reader.capabilities[agent].generation or 0]


def claim(passage: Passage, words: str, said: str = "") -> Claim:
    start = passage["text"].index(words)
    return {"text": said or words, "quotes": [quote_of(passage, start, start + len(words))]}


def result(agent: str, claims: list[Claim], passages: list[Passage], **data: Any) -> StepResult:
    return {
        "step_id": agent, "agent_id": agent, "capability": "knowledge", "status": "done", "text": "",
        "claims": claims, "passages": passages, "data": data, "error": None, "usage": [], "seconds": 0.0,
    }  # fmt: skip


async def verified(
    reader: InMemoryKnowledge, *results: StepResult, rule: ConflictRule = "none", **how: Any
) -> dict[str, Any]:
    plan = {"steps": [{"step_id": one["step_id"], "depends_on": [], "capability": "knowledge"} for one in results]}  # fmt: skip
    known = {one["step_id"]: one for one in results}
    state = State(question="How long?", plan=plan, results=known)
    draft = (await Synthesize()(state))["draft"]
    after = State(question="How long?", plan=plan, results=known, draft=draft)
    return await Verify(reader, conflict_rule=rule, now=lambda: NOW, **how)(after)


async def test_each_sentence_says_what_it_stands_on() -> None:
    reader = InMemoryKnowledge()
    one = published(reader, "a", "keys", "Keys live 90 days. Ask the lead before a change.")
    both = claim(one, one["text"])
    told = "Keys live 90 days. Keys live on the moon with 7 cats."
    false: Claim = {"text": told, "quotes": both["quotes"]}
    done = await verified(reader, result("a", [false], [one]))
    assert done["answer"].startswith("Keys live 90 days. [1]")
    assert "moon" not in done["answer"]
    assert done["status"] == "partial"
    assert done["coverage"] == {
        "sentences": [{"text": "Keys live 90 days.", "kind": "claim", "supported": True, "citations": [1]}],
        "total": 1, "supported": 1, "left_out": {"number": 1}, "policy": "drop",
    }  # fmt: skip
    shown = await verified(reader, result("a", [false], [one]), unsupported="mark")
    assert "No source supports this:\n- Keys live on the moon with 7 cats. (" in shown["answer"]
    assert [line["supported"] for line in shown["coverage"]["sentences"]] == [True, False]


async def test_a_passage_is_cited_once_however_its_quotes_overlap() -> None:
    reader = InMemoryKnowledge()
    one = published(reader, "a", "keys", "Keys live 90 days. Badges live a year. Doors stay shut.")
    other = published(reader, "b", "doors", "Doors stay shut at night.")
    claims = [claim(one, "Keys live 90 days. Badges live a year."), claim(one, "Badges live a year."),
              claim(one, "Doors stay shut.")]  # fmt: skip
    done = await verified(
        reader, result("a", claims, [one]), result("b", [claim(other, other["text"])], [other])
    )
    quotes = [citation["quote"] for citation in done["citations"]]
    assert quotes == ["Keys live 90 days. Badges live a year.", "Doors stay shut.", "Doors stay shut at night."]  # fmt: skip
    assert [one["citations"] for one in done["coverage"]["sentences"]] == [[1], [1], [1], [2], [3]]


async def test_sources_that_differ_stand_side_by_side_with_what_they_say_of_themselves() -> None:
    reader = InMemoryKnowledge()
    old = published(reader, "a", "Handbook", "Signing keys are rotated every 90 days.", OLD)
    new = published(reader, "b", "Key policy", "Signing keys are rotated every 30 days.", NEW)
    results = [result(one["agent_id"], [claim(one, one["text"])], [one]) for one in (old, new)]
    done = await verified(reader, *results)
    assert "The sources differ:" in done["answer"]
    assert "rotated every 90 days. [1] (Handbook, version 1.9, effective 2024-01-01, owned by ann)" in done["answer"]  # fmt: skip
    [conflict] = done["conflicts"]
    assert (conflict["kind"], conflict["decided"]) == ("number", None)
    assert [one["value"] for one in conflict["sides"]] == ["90 days", "30 days"]
    assert [one["owners"] for one in conflict["sides"]] == [["ann"], ["bob"]]
    assert [one["citations"] for one in conflict["sides"]] == [[1], [2]]
    ruled = await verified(reader, *results, rule="effective")
    assert "By the rule 'effective', what Key policy says holds" in ruled["answer"]
    assert ruled["conflicts"][0]["decided"]["side"] == 1


async def test_a_source_that_was_found_and_not_chosen_may_contradict() -> None:
    reader = InMemoryKnowledge()
    said = published(reader, "a", "Handbook", "The upload limit is 5 GB.")
    hidden = published(reader, "a", "Notes", "Some words. The upload limit is 500 MB. More words.")
    said = next(one for one in _live(reader, "a") if one["path"] == said["path"])
    done = await verified(reader, result("a", [claim(said, said["text"])], [said, hidden]))
    assert [one["value"] for one in done["conflicts"][0]["sides"]] == ["5 GB", "500 MB"]
    assert len(done["citations"]) == 2


async def test_a_claim_that_quotes_both_sides_is_neither_of_them() -> None:
    reader = InMemoryKnowledge()
    old, new = (published(reader, agent, name, f"The upload limit is {size} GB.", facts)
                for agent, name, size, facts in (("aa", "Handbook", 5, OLD), ("bb", "Notes", 7, NEW)))  # fmt: skip
    both: Claim = {
        "text": "The upload limit is 5 GB or 7 GB.",
        "quotes": [quote for one in (old, new) for quote in claim(one, one["text"])["quotes"]],
    }
    done = await verified(reader, result("aa", [both], [old, new]))
    [conflict] = done["conflicts"]
    assert [(one["title"], one["value"], one["says"], one["quote"], one["owners"]) for one in conflict["sides"]] == [
        ("Handbook", "5 GB", old["text"], old["text"], ["ann"]), ("Notes", "7 GB", new["text"], new["text"], ["bob"]),
    ]  # fmt: skip
    assert [one["citations"] for one in conflict["sides"]] == [[1], [2]]
    assert "- The upload limit is 5 GB or 7 GB. [1][2]" in f"- {done['answer']}"


async def test_a_side_is_shown_from_where_it_stands_whatever_else_its_claim_quotes() -> None:
    reader = InMemoryKnowledge()
    beside, mine, other = (published(reader, name, name, text) for name, text in (
        ("Rules", "Uploads are scanned for viruses."), ("Handbook", "The upload limit is 5 GB."),
        ("Notes", "The upload limit is 7 GB."),
    ))  # fmt: skip
    quotes = [quote for one in (beside, mine) for quote in claim(one, one["text"])["quotes"]]
    said: Claim = {"text": "Uploads are scanned, and the upload limit is 5 GB.", "quotes": quotes}
    done = await verified(reader, result("bb", [said], [beside, mine, other]))
    [conflict] = done["conflicts"]
    assert [(one["title"], one["value"]) for one in conflict["sides"]] == [
        ("Handbook", "5 GB"),
        ("Notes", "7 GB"),
    ]
    assert all(f"{one['value']}." in one["quote"] for one in conflict["sides"])


async def test_three_that_differ_are_one_conflict() -> None:
    reader = InMemoryKnowledge()
    pages = [published(reader, agent, name, f"The upload limit is {size} GB.")
             for agent, name, size in (("aa", "Handbook", 5), ("bb", "Notes", 7), ("cc", "Rules", 9))]  # fmt: skip
    done = await verified(
        reader, *(result(one["agent_id"], [claim(one, one["text"])], [one]) for one in pages)
    )
    [conflict] = done["conflicts"]
    assert [one["value"] for one in conflict["sides"]] == ["5 GB", "7 GB", "9 GB"]


@pytest.mark.parametrize(
    ("rule", "facts", "side"),
    [("none", [OLD, NEW], None), ("effective", [OLD, NEW], 1), ("effective", [NEW, OLD], 0),
     ("version", [OLD, NEW], 1), ("effective", [OLD, UNSAID], None), ("version", [OLD, None], None),
     ("effective", [NEW, NEW], None),
     ("effective", [OLD, {**NEW, "effective": "2027-01-01T00:00:00+00:00"}], None),
     ("version", [{**OLD, "version": "draft"}, NEW], None),
     ("version", [{**OLD, "version": "2"}, {**NEW, "version": "2.0"}], None),
     ("version", [{**OLD, "version": "1.10"}, {**NEW, "version": "1.9"}], 0)],
)  # fmt: skip
def test_a_rule_decides_only_what_it_declares(
    rule: ConflictRule, facts: list[SourceFacts | None], side: int | None
) -> None:
    decision = decided(facts, rule, NOW)
    assert (decision and decision["side"]) == side
    assert decision is None or decision["rule"] == rule
