"""Judgements and texts stand on what documents say, and documents are asked for the matter alone."""

from collections.abc import Mapping, Sequence

import pytest

from graph.planning.agent_choice import AgentChoice
from graph.planning.grounding import changes_asked, grounded, may_be_done, without_wordless_deeds
from graph.planning.matter import asks_what_changed, context_of, matter_of
from graph.planning.registry import Registry
from graph.planning.sketch import Sketch
from graph.planning.tool_card import ToolCard
from graph.planning.workflow_plan import AgentCapability

HARBOUR = AgentCapability(
    agent_id="harbour_rules",
    title="Harbour rules",
    purpose="",
    kind="rag",
    capabilities=("knowledge",),
)
REGISTRY = Registry((HARBOUR,))


async def near(question: str, agents: Sequence[str]) -> Mapping[str, float]:
    return dict.fromkeys(agents, 0.6 if "berth" in question else 0.1)


async def planned(*needs: tuple[str, str]) -> list[tuple[str, str, tuple[str, ...]]]:
    sketch = Sketch()
    for capability, question in needs:
        sketch.add(capability, question, after=sketch.open_ends())  # pyright: ignore[reportArgumentType]
    done = await grounded(sketch, AgentChoice(near), REGISTRY)
    return [(one.capability, one.question, one.after) for one in done.needs]


async def test_a_judgement_with_nothing_to_go_by_reads_first_where_an_agent_knows_of_it():
    asked = "Should we use the inner berth or the outer berth for a deep keel?"
    assert await planned(("reasoning", asked)) == [
        ("knowledge", "Should we use the inner berth for a deep keel", ()),
        ("knowledge", "the outer berth for a deep keel", ()),
        ("reasoning", asked, ("s1", "s2")),
    ]
    advice = "Recommend a berth for a catamaran"
    assert await planned(("reasoning", advice)) == [
        ("knowledge", "a berth for a catamaran", ()),
        ("reasoning", advice, ("s1",)),
    ]


@pytest.mark.parametrize("asked", ["Tell me a joke about a berth", "Suggest a name for our dog"])
async def test_what_no_agent_knows_of_and_what_is_made_up_is_left(asked: str):
    assert await planned(("reasoning", asked)) == [("reasoning", asked, ())]


async def test_documents_are_asked_for_the_matter_of_a_text():
    asked = "Draft an e-mail to the crew about the new berth fees"
    assert await planned(("knowledge", asked), ("reasoning", asked)) == [
        ("knowledge", "the new berth fees", ()),
        ("reasoning", asked, ("s1",)),
    ]


async def test_sides_are_looked_up_in_view_of_what_they_are_compared_for():
    asked = "Which is better for mooring a heavy barge, chain or rope?"
    sketch = Sketch()
    sides = [sketch.add("knowledge", one) for one in ("chain", "rope")]
    sketch.add("comparison", asked, after=sides)
    done = await grounded(sketch, AgentChoice(near), REGISTRY)
    assert [one.question for one in done.needs] == [
        "chain (for mooring a heavy barge)", "rope (for mooring a heavy barge)", asked,
    ]  # fmt: skip


def test_what_changed_in_an_agent_stands_in_the_catalogue():
    found = changes_asked("What has changed in the harbour rules since Monday?", REGISTRY)
    assert found is not None
    assert [one.capability for one in found.needs] == ["catalogue"]
    assert changes_asked("What changed recently?", REGISTRY) is not None
    assert changes_asked("What changed in the tariff of the harbour rules?", REGISTRY) is None
    assert changes_asked("What changed in version 16?", REGISTRY) is None


def test_a_deed_without_a_word_for_it_is_looked_up_unless_it_is_an_order():
    sketch = Sketch()
    sketch.add("action", "Kann ich den Liegeplatz tauschen?")
    assert without_wordless_deeds(sketch, orders=True) is sketch
    [need] = without_wordless_deeds(sketch, orders=False).needs
    assert (need.capability, need.question) == ("knowledge", "Kann ich den Liegeplatz tauschen?")
    worded = Sketch()
    worded.add("action", "delete the berth", verb="delete")
    assert without_wordless_deeds(worded, orders=False) is worded


def test_a_deed_that_a_tool_could_do_is_never_left_out():
    ordering = AgentCapability(
        agent_id="ops", title="", purpose="", kind="operations", capabilities=("action",),
        input_schema={"properties": {"action": {"enum": ["pause"]}}},
    )  # fmt: skip
    delete = ToolCard(
        name="notes/delete_note", description="Delete a note", changes=True, fingerprint="f",
        input_schema={"properties": {"note_id": {"type": "integer"}}},
    )  # fmt: skip
    notes = AgentCapability(
        agent_id="notes", title="Notes", purpose="", kind="tools", capabilities=("action",),
        tools=(delete,),
    )  # fmt: skip
    asked = "the note 12 ought to be deleted"
    assert not may_be_done(asked, Registry((HARBOUR, ordering)))
    assert may_be_done(asked, Registry((HARBOUR, ordering, notes)))
    assert may_be_done(asked, Registry((HARBOUR,)))


@pytest.mark.parametrize(
    ("request_", "matter"),
    [
        ("Write a summary of the fire rules for new tenants", "the fire rules for new tenants"),
        ("Summarise the on-call guide", "the on-call guide"),
        ("Prepare a checklist for the regatta based on the handbook", "the regatta"),
        ("Write me two sentences explaining what a spring line is", "what a spring line is"),
        ("How do I write a decision record?", "How do I write a decision record?"),
    ],
)
def test_the_matter_is_what_a_text_is_about(request_: str, matter: str):
    assert matter_of(request_) == matter


def test_a_view_needs_words_that_tell():
    assert context_of("Which is cheaper, the bus or the tram?", ["the bus", "the tram"]) == ""
    view = context_of(
        "In terms of restore time, how do dumps and copies differ?", ["dumps", "copies"]
    )
    assert view == "In terms of restore time"


def test_only_what_asks_for_nothing_but_changes_is_asked_of_the_catalogue():
    assert asks_what_changed("What's new in it this week?")
    assert not asks_what_changed("What changed in its fees?")
