"""What documents are asked about."""

import pytest

from graph.gateways.asked_subject import starts_of, subject_of


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("Which documents mention vacuum?", "vacuum"),
        ("which sources mention energy at all", "energy"),
        ("Is WAL archiving described anywhere in our manuals?", "WAL archiving"),
        ("What do we have on passkeys?", "passkeys"),
        ("Is there a document about onboarding?", "onboarding"),
        ("Do any pages talk about the head of household?", "head of household"),
        ("Do we have anything about slots in the Postgres operations?", "slots"),
        ("Which documents are there?", ""),
        ("List the files of the Postgres operations", ""),
        ("What topics are covered?", ""),
        ("How many documents do you have?", ""),
    ],
)
def test_a_subject_is_what_follows_mention_cover_about(question: str, subject: str) -> None:
    assert subject_of(question, ("Postgres operations", "postgres_operations")) == subject


def test_words_are_sought_by_how_they_begin_and_never_as_patterns() -> None:
    assert starts_of("rotating keys") == ["%rotat%", "%keys%"]
    assert starts_of("C") == ["%C%"]
    assert starts_of("50_000") == ["%50\\_0%"]
