"""What a text names, by patterns."""

import pytest

from dagster_kb.entities.extraction import entities
from dagster_kb.entities.same_names import same_names


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [("Ask Alice Moreau about it.", "name", "alice moreau"),
     ("The Bank of England sets it.", "name", "bank of england"),
     ("See SOP-03 and CVE-2024-1234.", "code", "sop 03"),
     ("See SOP-03 and CVE-2024-1234.", "code", "cve 2024 1234"),
     ("The X200 ships in May.", "code", "x200"),
     ("A Service Level Agreement (SLA) binds us.", "acronym", "sla"),
     ("A Service Level Agreement (SLA) binds us.", "acronym", "service level agreement"),
     ("**Incident**: what stops work.", "term", "incident"),
     ("\u201cProvider\u201d means the seller.", "term", "provider")],
)  # fmt: skip
def test_names_codes_acronyms_and_terms(text: str, kind: str, name: str) -> None:
    assert (name, kind) in {(one.name, one.kind) for one in entities(text)}


def test_the_beginning_of_a_sentence_is_no_name() -> None:
    assert [one.name for one in entities("When Keys are lost. The lead decides. Use Keys.")] == []


def test_an_acronym_stands_for_the_words_with_its_initials_only() -> None:
    assert same_names("our new Mean Time To Recovery (MTTR) is low") == [
        ("mttr", "mean time to recovery")
    ]
    assert same_names("The RPO (recovery point objective) is 5 minutes.") == [
        ("rpo", "recovery point objective")
    ]
    assert same_names("It runs (NASA) and the lead (CEO) agrees.") == []
    assert same_names("Our Mean Time (MT) to Full Recovery (FR) | Service Desk | SD") == [
        ("mt", "mean time"), ("fr", "full recovery"), ("sd", "service desk"),
    ]  # fmt: skip
    assert same_names("The VPN (see below) is slow.") == []


@pytest.mark.parametrize(
    ("text", "pair"),
    [("- **SLO**: Service Level Objective, what we promise.", ("slo", "service level objective")),
     ("| SLO | Service Level Objective |", ("slo", "service level objective")),
     ("| Service Level Objective | SLO |", ("slo", "service level objective")),
     ("SLO\n: Service level objective. It is a target.", ("slo", "service level objective")),
     ("MTTR stands for mean time to recovery.", ("mttr", "mean time to recovery")),
     ("A **runbook**, also called a *playbook*, says how.", ("runbook", "playbook")),
     ("The shift change (also known as handover) is at nine.", ("shift change", "handover")),
     ("A badge is sometimes called a pass card.", ("badge", "pass card")),
     ("Payroll, formerly known as Wages Desk, is closed.", ("payroll", "wages desk")),
     ("Active Directory (also called Sign-in Service) knows who works here.",
      ("active directory", "sign in service")),
     ("Ask early. Account quotas (also known as limits) grow slowly.", ("account quotas", "limits")),
     ("Your account, also known as a seat, is paid for.", ("account", "seat"))],
)  # fmt: skip
def test_what_is_called_in_two_ways_is_one_thing(text: str, pair: tuple[str, str]) -> None:
    assert pair in same_names(text)


@pytest.mark.parametrize(
    "text",
    ["It is also called often.", "This, also known as it, is odd.", "NOTE: See the page.",
     "The one that nobody who works here ever wants to see is also called, by some, the last one.",
     "WARNING - Do not touch.", "He is better known as a man who never sleeps and sings all night."],
)  # fmt: skip
def test_what_is_no_name_has_no_other(text: str) -> None:
    assert same_names(text) == []


def test_the_same_text_gives_the_same() -> None:
    text = "Alice Moreau wrote SOP-03 (SLA). " * 3
    assert entities(text) == entities(text)
    assert len(entities(text)) == 3
