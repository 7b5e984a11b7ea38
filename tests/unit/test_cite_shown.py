"""What `kb cite verify` prints: the passage as git has it, with the quote marked."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dagster_kb.resources.git_objects import GitObjects
from kb.commands.cite import DrawnOut, _checked, _show
from tests.doubles.git_repository import GitRepository

PATH = "knowledge/a/keys.md"
TEXT = "# Keys\n\nA key [red] is \u202eold. It is changed each Friday. Ask Ann.\n\n# Doors\n"
QUOTE = "It is changed each Friday."
NOTHING_DRAWN_OUT = DrawnOut("not asked: the file is text")


@pytest.fixture
def work(tmp_path: Path) -> GitRepository:
    work = GitRepository(tmp_path / "work")
    work.write({PATH: TEXT})
    work.commit()
    return work


def cited(work: GitRepository, **other: Any) -> dict[str, Any]:
    start = TEXT.index(QUOTE)
    return {"sha": work.head(), "path": PATH, "start": start, "end": start + len(QUOTE),
            "quote": QUOTE, "passage": [TEXT.index("A key"), TEXT.index("\n\n# Doors")], **other}  # fmt: skip


def printed(work: GitRepository, citation: dict[str, Any]) -> list[str]:
    out = io.StringIO()
    _show(_checked(GitObjects(work.root), NOTHING_DRAWN_OUT, citation), Console(file=out, width=40))
    return out.getvalue().strip().splitlines()


def test_the_passage_is_shown_with_the_quote_marked_and_no_power_over_the_terminal(
    work: GitRepository,
) -> None:
    place, passage = printed(work, cited(work))
    assert place == f"✓ {PATH}@{work.head()[:10]}:{TEXT.index(QUOTE)}-{TEXT.index(' Ask Ann')}"
    assert passage == "A key [red] is old. ⟦It is changed each Friday.⟧ Ask Ann."


def test_of_a_passage_that_the_ledger_forgot_the_quote_is_shown(work: GitRepository) -> None:
    assert printed(work, cited(work, passage=None))[1:] == [f"⟦{QUOTE}⟧"]


def test_what_cannot_be_read_says_why_beside_what_was_cited(work: GitRepository) -> None:
    place, *why, quote = printed(work, cited(work, sha="0" * 40))
    assert place.startswith(f"✗ {PATH}@0000000000:")
    assert "git show failed" in " ".join(why)
    assert quote == f"⟦{QUOTE}⟧"
