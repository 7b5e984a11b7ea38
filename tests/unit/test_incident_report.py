"""An incident as a ticket: what it says, and a link on which a tracker's form is filled in with it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_kb.incident_report import LONGEST_LINK, LONGEST_TITLE, IncidentReport
from dagster_kb.settings import WriterSettings

TEMPLATE = "https://git.example.org/team/repo/issues/new?labels=kb&title={title}&body={body}"
INCIDENT: dict[str, Any] = {
    "incident_id": 7, "agent_id": "garden", "kind": "rollback", "generation": 3,
    "summary": "generation 3 was rolled back to 2:\nwrong & misleading words", "opened_by": "ann",
    "next_step": "mend the source in git", "opened_at": datetime(2027, 1, 31, 12, 5, tzinfo=UTC),
    "facts": {"chunk": "Jane Roe lives in 5 Elm Street"},
}  # fmt: skip


def filled_in(link: str | None) -> dict[str, list[str]]:
    assert link
    return parse_qs(urlsplit(link).query)


def test_a_ticket_says_what_where_and_what_next():
    report = IncidentReport.of(INCIDENT)
    assert report.title == "garden: generation 3 was rolled back to 2: wrong & misleading words"
    for said in ("agent: garden", "kind: rollback", "generation: 3", "2027-01-31 12:05 UTC by ann",
                 "Next: mend the source in git", "`kb incidents close 7`"):  # fmt: skip
        assert said in report.body
    assert "Jane Roe" not in report.body


def test_of_a_deletion_by_hand_it_does_not_ask_to_close_what_a_run_closes():
    body = IncidentReport.of({**INCIDENT, "kind": "hotfix"}).body
    assert "gone from git closes it" in body
    assert "incidents close" not in body


def test_the_link_fills_in_the_form_with_these_very_words():
    report = IncidentReport.of(INCIDENT)
    form = filled_in(report.link(TEMPLATE))
    assert form == {"labels": ["kb"], "title": [report.title], "body": [report.body]}
    assert report.link("") is None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=9000))
def test_a_link_is_never_too_long_nor_cut_inside_of_a_character(summary: str):
    report = IncidentReport.of({**INCIDENT, "summary": summary, "generation": None})
    assert len(report.title) <= LONGEST_TITLE
    link = report.link(TEMPLATE)
    assert link
    assert len(link) <= LONGEST_LINK
    form = filled_in(link)
    assert "\N{REPLACEMENT CHARACTER}" not in form["body"][0].replace(report.body, "")
    assert report.body.startswith(form["body"][0].removesuffix("…"))


@pytest.mark.parametrize("template", ["javascript:alert({title})", "https://host/new"])
def test_a_template_that_is_no_form_is_refused(template: str):
    with pytest.raises(ValueError, match="incident_url"):
        WriterSettings(
            database_url="postgresql://h/d", qdrant_url="http://h", incident_url=template
        )  # pyright: ignore[reportArgumentType]
