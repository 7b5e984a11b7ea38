"""A sentence may say in other words what its quotes say, and nothing else."""

import pytest

from graph.citations.faithfulness import Fault, Grounds, fault_of

KEYS = "Signing keys are rotated every 90 days."
TRUE = [
    ("They are rotated every 90 days.", KEYS),
    ("Rotation of signing keys happens every 90 days.", KEYS),
    ("Sharing keys with anyone is forbidden.", "Do not share keys with anyone."),
    ("Keys must never be shared with anyone.", "Do not share keys with anyone."),
    ("It takes 2 weeks.", "It takes 14 days."),
    ("Backups are kept for 30 days.", "Backups are kept for thirty days in two places."),
    ("The deadline is 1 March 2026.", "The deadline is 2026-03-01."),
    ("The deadline falls in March 2026.", "The deadline is 2026-03-01."),
    ("It needs Python 3.10.", "It needs Python 3.10 or later."),
    ("Admins have 90 days.", "Admins have 90 days, users have 30 days."),
    ("Users get 30 days.", "Admins have 90 days, users have 30 days."),
    ("Visitors wear a badge.", "Visitors wear a badge and are never alone."),
    ("Visitors are accompanied: they are never alone.", "Visitors wear a badge and are never alone."),
    ("Bob is who Alice reports to.", "Alice reports to Bob."),
    ("The limit is 5,000 MB.", "The upload limit is 5 GB."),
    ("Passwords need at least 12 characters.", "Passwords have a minimum of 12 characters."),
    ("The fee is 1,200 EUR.", "A fee of 1200 EUR is charged."),
    ("Keys are rotated every 90 days.", "Keys are rotated every 90 days, not every year."),
    ("Approval is not needed.", "No approval is needed."),
    ("Refunds can't be given after 30 days.", "No refunds are given after 30 days."),
]  # fmt: skip
FALSE: list[tuple[Fault, str, str]] = [
    ("number", "They are rotated every 90 hours.", KEYS),
    ("number", "Rotation is done weekly.", KEYS),
    ("number", "It needs Python 3.1.", "It needs Python 3.10."),
    ("number", "Passwords have at most 12 characters.", "Passwords have at least 12 characters."),
    ("number", "The deadline is 2 March 2026.", "The deadline is 2026-03-01."),
    ("number", "Tier 2 calls are answered.", "Tier 1 calls are answered."),
    ("swapped", "Users have 90 days.", "Admins have 90 days, users have 30 days."),
    ("name", "Bob reports to Alice.", "Alice reports to Bob."),
    ("name", "Keys are kept by AcmeCorp.", KEYS),
    ("denial", "Keys are not rotated.", KEYS),
    ("denial", "Keys may be shared with anyone.", "Do not share keys with anyone."),
    ("denial", "Deletion is permitted after approval.", "Deletion is forbidden after approval."),
    ("opposite", "Telemetry is enabled.", "Telemetry is disabled."),
    ("words", "Painters mix purple and orange.", KEYS),
]


@pytest.mark.parametrize(("sentence", "quote"), TRUE)
def test_other_words_for_the_same_are_no_fault(sentence: str, quote: str) -> None:
    assert fault_of(sentence, Grounds([quote])) is None


@pytest.mark.parametrize(("fault", "sentence", "quote"), FALSE)
def test_whatever_the_quote_does_not_say_is_a_fault(
    fault: Fault, sentence: str, quote: str
) -> None:
    assert fault_of(sentence, Grounds([quote])) == fault


def test_a_question_proves_no_number_and_lends_no_name_that_the_quote_replaces() -> None:
    asked = Grounds([KEYS], question="Are signing keys rotated every 12 days?")
    assert fault_of("Signing keys are rotated every 12 days.", asked) == "number"
    who = Grounds(["Alice approves requests."], question="Does Carol approve requests?")
    assert fault_of("Carol approves requests.", who) == "name"


def test_headings_say_what_a_sentence_is_about() -> None:
    about = Grounds(["It holds the master key."], about="Vault > Keys of 2026")
    assert fault_of("In 2026 the Vault holds the master key.", about) is None


def test_what_was_computed_stands_in_no_document() -> None:
    grounds = Grounds(["The fee is 40 EUR."], computed="40 * 3 = 120")
    assert fault_of("Three fees are 120 EUR together.", grounds) is None
