"""Words before a colon: ours are free, and everybody else's are held against the quotes like the rest."""

from graph.citations.claims import led_by, quote_of
from graph.citations.support import Known, key_of, supported
from graph.state import Claim, Passage
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

PAGE = "Signing keys are rotated every 90 days. Lost keys are revoked."


def passage() -> Passage:
    reader = InMemoryKnowledge()
    reader.add_document("postgres_operations", "knowledge/a/keys.md", PAGE, title="Key policy")
    [found] = reader.chunks["postgres_operations", 1]
    return found


def claim(text: str, quoted: str = PAGE.split(". ")[0] + ".") -> tuple[Claim, Known]:
    one = passage()
    start = one["text"].index(quoted)
    quote = quote_of(one, start, start + len(quoted))
    return {"text": text, "quotes": [quote]}, Known({key_of(one): one})


def test_a_true_sentence_after_a_false_lead_is_left_out() -> None:
    for lead in (
        "No longer true",
        "Until 2019 only",
        "Approved by Bob Tanaka in 2031",
        "Withdrawn",
        "For guests",
    ):
        said, known = claim(f"{lead}: Signing keys are rotated every 90 days.")
        kept, faults = supported(said, known)
        assert kept is None, lead
        assert len(faults) == 1


def test_where_it_stands_may_be_said_before_it() -> None:
    for lead in ("Key policy", "Postgres operations", "Signing keys", "In short"):
        said, known = claim(f"{lead}: Signing keys are rotated every 90 days.")
        assert supported(said, known) == (said, []), lead


def test_what_our_code_puts_before_it_is_free_and_what_follows_is_not() -> None:
    said, known = claim("Signing keys are rotated every 90 days.")
    for lead in ("For: ", "Against: ", "Quick start of the vendor: "):
        ours = led_by(lead, said)
        assert ours["text"] == f"{lead}{said['text']}"
        assert supported(ours, known) == (ours, [])
        twice = led_by("Keys: ", ours)
        assert supported(twice, known) == (twice, [])
        false, _ = claim(
            "Signing keys are rotated every 9 days. Signing keys are rotated every 90 days."
        )
        kept, faults = supported(led_by(lead, false), known)
        assert kept is not None
        assert kept["text"] == f"{lead}Signing keys are rotated every 90 days."
        assert [one["why"] for one in faults] == ["number"]
    assert led_by("", said) is said
