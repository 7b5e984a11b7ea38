"""A summary of one text: who asks for it, and what it is made of."""

import pytest

from graph.agents.in_short import MOST_SECTIONS, has_its_title, nearest_text, openings
from graph.planning.conventions import by_convention
from graph.planning.evidence import evidence_of
from graph.planning.needs_labels import Outline
from graph.state import Passage
from kb_contract.asked_in_short import asked_in_short

LOOKUP = Outline((1, 0, 0, 0, 0, 0), "single")
JUDGED = Outline((2, 0, 0, 0, 1, 0), "parallel_then_join")


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("summarise the on-call guide", "the on-call guide"),
        ("Could you please give me a short overview of the incident process?", "the incident process"),
        ("TL;DR: backups", "backups"),
        ("What are the main points of our parking rules?", "our parking rules"),
        ("Outline of the review process, please", "the review process"),
        ("summarize the release rules in three bullets", "the release rules"),
        ("fasse die Bereitschaftsregeln zusammen", "die Bereitschaftsregeln"),
    ],
)  # fmt: skip
def test_of_what_a_summary_is_asked(question: str, what: str):
    assert asked_in_short(question) == what


@pytest.mark.parametrize(
    "question",
    [
        "Summarise this",
        "overview",
        "What does the summary of the audit say?",
        "Summarise the two offers and compare them",
        "Make a summary of the report and send it to Ann",
        "How do I write a summary?",
        "Who wrote the outline?",
        "Resume the nightly import",
    ],
)
def test_what_is_no_summary_of_one_text(question: str):
    assert asked_in_short(question) == ""


def test_one_text_is_looked_up_once():
    def drawn(question: str) -> Outline:
        return by_convention(JUDGED, LOOKUP, evidence_of(question, LOOKUP))

    assert drawn("Summarise the on-call guide") == LOOKUP
    assert drawn("Summarise the four tenders") == JUDGED
    assert drawn("Is the on-call guide fair?") == JUDGED


def passage(document: str, start: int, heading: str, text: str, score: float = 0.5) -> Passage:
    return {
        "agent_id": "handbook", "generation": 1, "git_sha": "0" * 40, "uncommitted": False,
        "dagster_run_id": None, "chunk_id": f"{document}-{start}", "document_id": document,
        "path": f"{document}.md", "title": document, "heading_path": [heading], "page": None,
        "start": start, "end": start + len(text), "text": text, "score": score,
    }  # fmt: skip


def test_the_nearest_text_is_told_in_its_own_order_by_how_its_sections_begin():
    found = [
        passage("on-call", 300, "Pay", "## Pay\n\nA week is paid. It is taxed."),
        passage("backups", 10, "Keys", "Keys lie elsewhere."),
        passage("on-call", 100, "Weeks", "## Weeks\n\nNobody is on call twice in a row.\n\n- a\n"),
        passage("on-call", 200, "Weeks", "And one more of the same section."),
    ]
    text = nearest_text("the week on call", found)
    assert [one["start"] for one in text] == [100, 200, 300]
    assert [one["path"] for one in nearest_text("backups", found)] == ["backups.md"]
    assert has_its_title("the guide for on-call people", text)
    assert not has_its_title("the parking rules", text)
    assert [one.text for one in openings(text)] == [
        "Nobody is on call twice in a row.",
        "A week is paid.",
    ]


def test_of_many_sections_the_nearest_are_told():
    many = [passage("guide", 10 * n, f"S{n}", f"It says {n}.", n / 20) for n in range(12)]
    told = openings(many)
    assert len(told) == MOST_SECTIONS
    assert told[0].text == "It says 4."


def test_where_nothing_was_found_there_is_no_text():
    assert nearest_text("backups", []) == []
    assert openings([passage("guide", 0, "S", "## Only a heading")]) == []
