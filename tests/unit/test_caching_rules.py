"""What may be kept, for how long, and what makes it stale: the rules alone, without a database."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.caching.changes import Change, Piece
from graph.caching.flights import LONGEST_FLIGHT, Flights
from graph.caching.kept_answer import Asking, Costs, KeptAnswer
from graph.caching.lineage import Stale, Vectors, competing, read_after, texts_of
from graph.caching.what_is_kept import Lifetimes, may_be_looked_up, why_not_kept
from graph.caching.wishes import CacheWish, read_wish
from graph.gateways.answer_cache.cache import place_of
from graph.state import State
from kb_contract.errors import BadInput
from tests.doubles.hash_embedder import HashEmbedder

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TEXT = "# Key\n\nThe key is changed every ten days. Porters keep it."
QUOTE = "The key is changed every ten days."


def kept(**more: Any) -> KeptAnswer:
    span: Any = {
        "quote": QUOTE, "path": "key.md", "agent_id": "keys", "chunk_id": "a", "place": TEXT.index(QUOTE),
    }  # fmt: skip
    one = KeptAnswer(
        "1", "How often is the key changed?", ("everyone",), None, "simple_lookup", {"keys": 1},
        [("keys", "How often is the key changed?")], {}, [span], Costs(0.1, 2.0), NOW, NOW,
    )  # fmt: skip
    return replace(one, **more)


def change(gone: str = "", come: str = "", path: str = "key.md", **more: Any) -> Change:
    return Change(
        "keys", 2,
        gone=[Piece("a", "key.md", gone)] if gone else [],
        come=[Piece("b", path, come)] if come else [], **more,
    )  # fmt: skip


def verdict(one: KeptAnswer, what: Change) -> KeptAnswer | Stale:
    read = read_after(one, what)
    if isinstance(read, Stale):
        return read
    texts = [*texts_of(read), *(each.text for each in (*what.fresh, *what.faded))]
    vectors = HashEmbedder().embed(texts)
    return (
        competing(read, what, Vectors(dict(zip(texts, np.asarray(vectors), strict=True)))) or read
    )


def test_a_quote_moves_with_its_sentence() -> None:
    found = verdict(kept(), change(TEXT, f"# Key\n\nTea is free.\n\n{QUOTE} Guards keep it."))
    assert isinstance(found, KeptAnswer)
    [span] = found.citations
    assert span["chunk_id"] == "b"
    assert span["place"] == len("# Key\n\nTea is free.\n\n")
    assert found.agents == {"keys": 2}


@pytest.mark.parametrize(
    ("come", "path"),
    [
        (TEXT.replace("ten", "five"), "key.md"),
        (TEXT, "other.md"),
        # The words stand there, in a sentence that says something else.
        ("# Key\n\nIt is wrong that " + QUOTE[0].lower() + QUOTE[1:], "key.md"),
        ("", "key.md"),
    ],
)
def test_a_quote_that_is_gone_takes_the_answer(come: str, path: str) -> None:
    found = verdict(kept(), change(TEXT, come, path))
    assert isinstance(found, Stale)
    assert "does not say any more" in found.why


def test_a_part_of_a_sentence_stands_only_with_the_whole() -> None:
    part: Any = {**kept().citations[0], "quote": "changed every ten days"}
    part["place"] = TEXT.index(part["quote"])
    same = verdict(kept(citations=[part]), change(TEXT, TEXT.replace("Porters", "Guards")))
    assert isinstance(same, KeptAnswer)
    other = TEXT.replace("The key is", "No key is ever")
    assert isinstance(verdict(kept(citations=[part]), change(TEXT, other)), Stale)


def test_what_takes_something_back_beside_a_quote_takes_the_answer() -> None:
    beside = verdict(kept(), change(TEXT, f"{TEXT} This holds no longer in summer."))
    assert isinstance(beside, Stale)
    elsewhere = change(come="Tea is served no longer.", path="x.md")
    assert isinstance(verdict(kept(), elsewhere), KeptAnswer)


@pytest.mark.parametrize(
    ("old", "new", "goes"),
    [
        # An edit of what is not quoted: the word stood there before, of something else.
        ("Guests may not stay here; the fee is 40.", "Guests may not stay here; the fee is 50.", False),
        ("", "Dogs are not welcome in summer gardens.", False),
        # It was not there before, or somebody asked of it, or it speaks of what stands beside it.
        ("Porters keep the key in summer.", "Porters never keep the key in summer.", True),
        ("Rooms are cleaned in winter; not lifts.", "Rooms are cleaned in winter; not keys.", True),
        ("It is changed by porters, not lent.", "It is lent by porters, not changed.", True),
        ("", "The key is not touched in summer.", True),
        ("", "Suspended until May.", True),
        ("", "Guards do not follow this in summer.", True),
        ("The guards sleep in long nights, not lunches.", "The guards sleep never in long nights, not lunches.", False),
    ],
)  # fmt: skip
def test_only_what_newly_takes_back_what_was_told_takes_the_answer(
    old: str, new: str, goes: bool
) -> None:
    found = verdict(kept(), change(f"{TEXT} {old}", f"{TEXT} {new}"))
    assert isinstance(found, Stale) is goes
    assert not goes or "takes back" in getattr(found, "why", "")


def test_settings_of_whom_it_asked_and_too_large_changes_take_it() -> None:
    assert isinstance(read_after(kept(), change(settings_changed=True)), Stale)
    assert isinstance(read_after(kept(), change(whole=False)), Stale)
    others = replace(change(settings_changed=True), agent_id="others")
    assert isinstance(read_after(kept(), others), KeptAnswer)


def test_a_new_sentence_counts_by_what_it_says_of_the_question() -> None:
    assert isinstance(
        verdict(kept(), change(come="Soup is served at noon.", path="x.md")), KeptAnswer
    )
    better = "How often is the key changed? The key is changed often."
    assert isinstance(verdict(kept(), change(come=better, path="x.md")), Stale)
    # Moved from one page to another, it says nothing new.
    assert isinstance(
        verdict(kept(citations=[], agents={"keys": 1}), change(gone=better, come=better)),
        KeptAnswer,
    )


def finished(**more: Any) -> State:
    step = {"step_id": "s1", "agent": "keys", "capability": "knowledge", "question": "?"}
    result: Any = {"step_id": "s1", "status": "done", "passages": []}
    coverage = {"total": 1, "supported": 1, "left_out": {}, "sentences": [{"supported": True}]}
    whole: dict[str, Any] = {
        "question": "How often is the key changed?", "status": "completed", "plan": {"steps": [step]},
        "results": {"s1": result}, "citations": [{"quote": QUOTE}], "coverage": coverage,
    }  # fmt: skip
    return State(**{**whole, **more})


def with_step(**more: Any) -> State:
    return finished(plan={"steps": [{**finished().plan["steps"][0], **more}]})


def test_a_whole_answer_from_documents_is_kept() -> None:
    assert why_not_kept(finished(), as_of=None) == ""


@pytest.mark.parametrize(
    "state",
    [
        *(finished(status=one) for one in ("partial", "refused", "failed", "needs_clarification")),
        finished(own_plan={"steps": []}),
        finished(citations=[]),
        finished(plan={}),
        finished(coverage={"total": 2, "supported": 1, "sentences": [{"supported": True}]}),
        finished(coverage={"total": 1, "supported": 1, "sentences": [{"supported": False}]}),
        finished(draft={"notes": ["The fallback model answered."]}),
        finished(question="What is open today?"),
        finished(question="Is the backup job running?"),
        with_step(requires_approval=True),
        with_step(tools={"files/read": "f"}),
        *(with_step(capability=one) for one in ("tool", "action", "catalogue")),
        finished(results={"s1": {"step_id": "s1", "status": "failed", "passages": []}}),
    ],
)
def test_what_is_not_whole_or_does_more_than_read_is_not(state: State) -> None:
    assert why_not_kept(state, as_of=None)


def test_the_past_is_not_kept() -> None:
    assert why_not_kept(finished(), as_of="3")


@pytest.mark.parametrize(
    "question",
    [
        "Who is on call now?",
        "What changed this week?",
        "",
        "x" * 3000,
        "Wer hat diese Woche Dienst?",
        "Was ist der aktuelle Stand?",
        "Qui est de garde cette semaine ?",
        "Quel est le tarif actuel ?",
        "¿Quién está de guardia hoy?",
        "¿Cuál es el precio actual?",
        "Chi è di turno questa settimana?",
        "Qual è il prezzo attuale?",
        "Quem está de serviço hoje?",
        "Qual é o preço atual?",
        "Wie heeft deze week dienst?",
        "Wat is de huidige prijs?",
    ],
)
def test_what_moves_with_time_is_not_looked_up(question: str) -> None:
    assert not may_be_looked_up(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the actual limit?",
        "Wie lange gilt die Frist?",
        "Quel est le tarif ?",
        "What is an ultimate goal?",
    ],
)
def test_what_is_always_so_is(question: str) -> None:
    assert may_be_looked_up(question)


def test_lifetimes_follow_the_type_of_the_question() -> None:
    times = Lifetimes(1000, 5000)
    assert [times.of(one) for one in ("simple_lookup", "complex_analysis", "schema_discovery")] == [
        1000,
        500,
        5000,
    ]
    assert times.of("tool_operation") == 0
    assert Lifetimes(0, 5000).of("schema_discovery") == 0


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        (None, CacheWish()),
        ("no-cache", CacheWish(may_read=False)),
        ("No-Store", CacheWish(may_read=False, may_keep=False)),
        ("only-if-cached, max-age=60", CacheWish(only_kept=True, max_age=60)),
        ("max-age=0", CacheWish(may_read=False, max_age=0)),
        ("max-age=90, max-age=30, no-transform", CacheWish(max_age=30)),
    ],
)
def test_wishes_are_read_as_http_says_them(said: str | None, wish: CacheWish) -> None:
    assert read_wish(said) == wish


@pytest.mark.parametrize("said", ["maybe", "max-age=x", "max-age", "only-if-cached, no-cache"])
def test_a_wish_that_says_nothing_is_refused(said: str) -> None:
    with pytest.raises(BadInput):
        read_wish(said)


async def test_the_second_waits_for_the_first_and_not_for_ever() -> None:
    now = [0.0]
    flights = Flights(0.02, lambda: now[0])
    assert not await flights.joined("q", "first")
    assert not await flights.joined("q", "second")  # the first takes longer than one waits
    flights.patience = 60
    waiting = asyncio.create_task(flights.joined("q", "third"))
    await asyncio.sleep(0)
    flights.end("second")  # never began
    assert not waiting.done()
    flights.end("first")
    assert await waiting
    assert not await flights.joined("q", "fourth")
    now[0] = LONGEST_FLIGHT + 1
    assert not await flights.joined("q", "fifth")  # the fourth is lost


groups = st.lists(st.sampled_from(["everyone", "hr", "board", "a,b", "a", "b"]), unique=True).map(
    tuple
)


@settings(deadline=None)
@given(groups, groups, st.sampled_from([None, "keys", "hr"]), st.sampled_from([None, "keys", "hr"]))
def test_places_are_equal_only_for_equal_rights_and_agents(
    first: tuple[str, ...], second: tuple[str, ...], one: str | None, other: str | None
) -> None:
    def place(
        who: tuple[str, ...], agent: str | None, workspace: str = "default", may_ask: Any = None
    ) -> Any:
        asking = Asking("How is it?", agent, who, CacheWish(), "1", may_ask)
        return place_of(asking, workspace, {"llm_profile": "offline"})

    same = sorted(first) == sorted(second) and one == other
    assert (place(first, one).scope == place(second, other).scope) == same
    assert place(first, one).scope != place(first, one, "team").scope
    # A key that may ask one agent only never sees what another was answered by all.
    narrow = place(first, one, may_ask=("keys",)).scope
    assert narrow not in {place(first, one).scope, place(first, one, may_ask=()).scope}
