"""Follow-ups are made whole by rules, and what is whole already is left alone."""

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from graph.conversation.follow_ups import standalone, topic
from graph.conversation.summary import LONGEST_SUMMARY, summarised
from graph.nodes.understand import Understand
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
        (BERTH, "What does it cost?", "What does it cost (about: a visiting yacht stay at the guest berth)?"),
        (KEYS, "Who is responsible for that?", None),
        (KEYS, "Does that apply to ferries?", None),
        (KEYS, "Can they be shared?", "Can they be shared (about: API keys be rotated for production systems)?"),
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
    ],
)
def test_what_is_whole_stays_as_it_is(question: str):
    assert standalone(question, BERTH) == question


def test_the_first_question_and_endless_ones_stay():
    assert standalone("And for boats?", "") == "And for boats?"
    assert standalone("x" * 5_000, BERTH) == "x" * 5_000
    assert topic("Which?") == "Which"


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
