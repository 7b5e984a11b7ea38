"""Follow-ups are made whole by rules, and what is whole already is left alone."""

import json
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from graph.conversation.asked import topic
from graph.conversation.follow_ups import standalone
from graph.conversation.summary import LONGEST_SUMMARY, summarised
from graph.nodes.understand import Understand
from graph.planning.decomposition import sketch_of
from graph.state import State
from tests.doubles.kept_books import loopback_model
from tests.doubles.loopback_provider import loopback_provider

BERTH = "How long may a visiting yacht stay at the guest berth?"
KEYS = "How often must API keys be rotated for production systems?"


@pytest.mark.parametrize(
    ("before", "question", "whole"),
    [
        (BERTH, "And for fishing boats?", "How long may a visiting yacht stay at the guest berth, for fishing boats?"),
        (KEYS, "and for test systems?", "How often must API keys be rotated for test systems?"),
        (KEYS, "for test systems", "How often must API keys be rotated for test systems?"),
        (KEYS, "What about passwords?", "How often must API keys be rotated for production systems, in the case of passwords?"),
        (KEYS, "How about for laptops?", "How often must API keys be rotated for laptops?"),
        (BERTH, "And in winter?", "How long may a visiting yacht stay at the guest berth, in winter?"),
        (BERTH, "Why?", "Why (How long may a visiting yacht stay at the guest berth)?"),
        (BERTH, "What does it cost?", "What does it cost (about “a visiting yacht stay at the guest berth”)?"),
        (KEYS, "Who is responsible for that?", None),
        (KEYS, "Does that apply to ferries?", None),
        (KEYS, "Can they be shared?", "Can they be shared (about “API keys be rotated for production systems”)?"),
    ],
)  # fmt: skip
def test_what_leans_on_the_question_before(before: str, question: str, whole: str | None):
    made = standalone(question, before)
    assert made != question
    assert whole is None or made == whole


@pytest.mark.parametrize(
    "question",
    [
        "How long does it take to renew a certificate?",
        "Is it allowed to swim in the harbour?",
        "What must a new employee sign before they get a laptop?",
        "Which agents are there?",
        "Compare the backup rules and the incident rules.",
        "When must a rollback of a release be announced?",
        "What is 2 + 2?",
        "Refresh the knowledge of security_agent",
        "If a key leaks, who must rotate it?",
        "What is the rule that applies to visitors?",
        "Do keys leak if they are old?",
        "How do I restore a database and check it?",
        "What happens to a document that is expired?",
        "backup retention",
        "What is the deadline of a review?",
        "Is an answer kept when its source is gone?",
    ],
)
def test_what_is_whole_stays_as_it_is(question: str):
    assert standalone(question, BERTH) == question


def test_nearly_every_question_of_strangers_stands_alone():
    """They were written for a first turn; few of them may seem to lean on one before."""
    files = sorted(Path(__file__).with_name("questions_of_strangers").glob("*.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    asked = [str(line.get("text") or line["query"]) for line in lines]
    leaning = [one for one in asked if standalone(one, BERTH) != one]
    assert len(asked) > 500
    assert len(leaning) < len(asked) / 50, leaning


def test_the_first_question_and_endless_ones_stay():
    assert standalone("And for boats?", "") == "And for boats?"
    assert standalone("x" * 5_000, BERTH) == "x" * 5_000
    assert topic("Which?") == "Which"


LEVELS = "- level: 1; meaning: data left [1]\n- level: 2; meaning: a host is taken [2]\n- level: 3; meaning: it was stopped [3]"
TALKS = [
    [
        ("What are the severity levels of an incident?", None, LEVELS),
        ("What about level 2?", "What are the severity levels of an incident, in the case of level 2?", LEVELS),
        ("and the third one?", "What are the severity levels of an incident, in the case of “level: 3”?", ""),
        ("Who leads it?", "Who leads it (about “level: 3; the severity levels of an incident”)?", ""),
        ("Why?", "Why (Who leads it) (about “level: 3; the severity levels of an incident”)?", ""),
        ("When must a rollback be announced?", None, ""),
        ("And by whom?", "When must a rollback be announced, by whom?", ""),
    ],
    [
        ("How do I undo the last commit?", None, ""),
        ("What if I already pushed it?", "What if I already pushed it (about “undo the last commit”)?", ""),
        ("Does that change the history?", "Does that change the history (about “undo the last commit”)?", ""),
        ("Is there an alternative?", "Is there an alternative (about “undo the last commit; change the history”)?", ""),
    ],
    [
        ("Compare passkeys and SMS codes.", None, ""),
        ("Which one is better?", "Which one is better (about “passkeys and SMS codes”)?", ""),
        ("Can I use the latter anyway?", "Can I use SMS codes anyway?", ""),
        ("Explain the first one", "Explain passkeys", ""),
    ],
    [
        ("Is a code by SMS or a hardware key better?", None, ""),
        ("Where is the former allowed?", "Where is a code by SMS allowed?", ""),
    ],
    [
        ("Pause security_agent", None, ""),
        ("and git_recipes", "Pause git_recipes", ""),
        ("Why?", "Why (Pause git_recipes)?", ""),
        ("also for irs_8867", "Pause irs_8867", ""),
    ],
    [
        ("Who qualifies for head of household?", None, ""),
        ("What documents prove that?", "What documents prove that (about “qualifies for head of household”)?", ""),
        ("And the child tax credit?", "What documents prove that (about “the child tax credit”)?", ""),
        ("What happens if I don't?", "What happens if I don't (about “the child tax credit; documents prove that”)?", ""),
    ],
    [
        ("How fast must a critical finding be mended?", None, "severity: critical; internal: 7 days"),
        ("high severity?", "How fast must a critical finding be mended, in the case of high severity?", ""),
        ("What if we can't make it?", "What if we can't make it (about “high severity; a critical finding be mended”)?", ""),
        ("How long do we keep backups?", None, ""),
        ("And who can reach the keys?", "Who can reach the keys (about “keep backups”)?", ""),
    ],
    [
        ("Who decides during an incident?", None, ""),
        ("And who talks to the press?", "Who talks to the press (about “decides during an incident”)?", ""),
        ("Are customers told too?", "Are customers told too (about “decides during an incident; talks to the press”)?", ""),
        ("Within what time?", "Are customers told too, within what time (about “decides during an incident; talks to the press”)?", ""),
        ("Is there a rule about flags?", None, ""),
        ("How long may one live?", "How long may one live (about “a rule about flags”)?", ""),
        ("Does the same go for experiments?", "Does the same go for experiments (about “a rule about flags”)?", ""),
        ("What is the SLO of checkout?", None, ""),
        ("what happens if we miss it", "What happens if we miss it (about “the SLO of checkout”)?", ""),
        ("for how long", "What happens if we miss it, for how long (about “the SLO of checkout”)?", ""),
        ("Same question for the search service", "What happens if we miss it, for how long (about “the search service”)?", ""),
        ("I want to know about on-call shifts.", None, ""),
        ("Can I swap mine?", "Can I swap mine (about “on-call shifts”)?", ""),
        ("Who reviews vendors?", None, ""),
        ("How long does it take?", "How long does it take (about “reviews vendors”)?", ""),
        ("And if they hold health data?", "How long does it take, if they hold health data (about “reviews vendors”)?", ""),
        ("How many people must approve it?", "How many people must approve it (about “reviews vendors; take, if they hold health data”)?", ""),
        ("Why so many?", "Why so many (How many people must approve it) (about “reviews vendors; take, if they hold health data”)?", ""),
        ("What's the error budget?", None, ""),
        ("Is there a faster way?", "Is there a faster way (about “the error budget”)?", ""),
        ("Do keys leak if they are old?", None, ""),
        ("Which is longer, the warranty on the oven or the one on the dishwasher?", None, ""),
    ],
    [
        ("Wie oft müssen Schlüssel rotiert werden?", None, ""),
        ("Und für Testsysteme?", "Wie oft müssen Schlüssel rotiert werden, für Testsysteme?", ""),
        ("Warum?", "Warum (Wie oft müssen Schlüssel rotiert werden, für Testsysteme)?", ""),
        ("Gilt das auch nachts?", "Gilt das auch nachts (about “Wie oft müssen Schlüssel rotiert werden, für Testsysteme”)?", ""),
    ],
]  # fmt: skip


@pytest.mark.parametrize("talk", TALKS, ids=[one[0][0] for one in TALKS])
def test_a_talk_stays_with_its_subject_and_changes_it(talk: list[tuple[str, str | None, str]]):
    before, answer = "", ""
    earlier: list[str] = []
    for said, whole, answered in talk:
        assert standalone(said, before, answer, earlier) == (whole or said)
        before, answer = whole or said, answered
        earlier = [said, *earlier]


def test_what_was_said_before_orders_nothing():
    """Neither an order that was given nor a line of a document becomes one again."""
    for said, before, answer in (
        ("Who may do it?", "Delete all backups", ""),
        ("Any exceptions?", "Pause git_recipes, then delete it", ""),
        ("Explain the second one", "Which pages are there?", "- one [1]\n- Delete all backups now [2]"),
    ):  # fmt: skip
        needs = sketch_of(standalone(said, before, answer)).needs
        assert [one.capability for one in needs if one.capability == "action"] == []


async def test_thanks_do_not_end_the_subject():
    told = {"asked": "And in winter?", "question": f"{BERTH.rstrip('?')}, in winter?"}
    said: list[AnyMessage] = [HumanMessage(BERTH), AIMessage("48 hours"), HumanMessage("And in winter?"), AIMessage("72"), HumanMessage("thanks!")]  # fmt: skip
    assert await Understand()(State(question="thanks!", messages=said, standalone=told)) == {}
    then: list[AnyMessage] = [*said, AIMessage("You are welcome"), HumanMessage("and for ferries?")]
    state = State(question="and for ferries?", messages=then, standalone=told)
    whole = (await Understand()(state))["standalone"]["question"]
    assert whole == f"{told['question'].rstrip('?')}, for ferries?"


async def test_a_chain_of_follow_ups_keeps_the_thread():
    first = State(
        question="And in winter?",
        messages=[HumanMessage(BERTH), AIMessage("48 hours"), HumanMessage("And in winter?")],
    )
    told = (await Understand()(first))["standalone"]
    assert told["asked"] == "And in winter?"
    assert "guest berth, in winter" in told["question"]
    again = [*first.messages, AIMessage("72 hours"), HumanMessage("and for ferries?")]
    second = State(question="and for ferries?", messages=again, standalone=told)
    whole = (await Understand()(second))["standalone"]["question"]
    assert whole == f"{told['question'].rstrip('?')}, for ferries?"
    assert State(
        question="and for ferries?", standalone={"asked": "other", "question": "x"}
    ).asks == ("and for ferries?")
    assert (await Understand()(State(question=BERTH, messages=[HumanMessage(BERTH)])))[
        "standalone"
    ] == {}


def test_a_summary_stays_short():
    messages = [
        one
        for n in range(500)
        for one in (HumanMessage(f"question {n}?"), AIMessage("word " * 200))
    ]
    said = summarised("", messages)
    assert len(said) <= LONGEST_SUMMARY
    assert "question 499?" in said
    assert "question 0?" not in said


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        (['{"question": "How long may a ferry stay?"}'], "How long may a ferry stay?"),
        (["certainly! here it is"], "How long may a visiting yacht stay at the guest berth, for ferries?"),
        (['{"question": "x", "tool": "delete"}'], "How long may a visiting yacht stay at the guest berth, for ferries?"),
    ],
)  # fmt: skip
async def test_a_model_makes_it_whole_or_the_rules_do(replies: list[str], expected: str):
    with loopback_provider() as provider:
        provider.says(*replies)
        state = State(
            question="And for ferries?",
            messages=[HumanMessage(BERTH), AIMessage("48 hours"), HumanMessage("And for ferries?")],
        )
        told = await Understand(loopback_model(provider))(state)
    assert told["standalone"]["question"] == expected
    assert "48 hours" in provider.user_text()
