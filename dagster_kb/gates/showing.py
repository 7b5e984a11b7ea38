"""How a passage is shown to people: a few words, and none that should not be seen."""

from typing import Final

from dagster_kb.gates.personal_data import personal_data_in
from dagster_kb.gates.secrets import secrets_in

_WORDS: Final = 14
_LONGEST_WORD: Final = 30


def first_words(text: str, words: int = _WORDS) -> str:
    """Return the beginning; nothing of a passage that holds a secret or personal data."""
    if kind := held_back(text):
        return withheld(kind)
    every = text.split()
    shown = [one if len(one) <= _LONGEST_WORD else f"{one[:12]}…" for one in every[:words]]
    return " ".join(shown) + ("…" if len(every) > words else "")


def held_back(text: str) -> str | None:
    """Name the first secret in a text, or else the first of personal data, by its kind."""
    found = next(secrets_in(text), None) or next(personal_data_in(text), None)
    return found.kind if found else None


def withheld(kind: str) -> str:
    """Say it in place of a text: of a key in many lines the scanner knows the first alone."""
    return f"(withheld: {kind})"
