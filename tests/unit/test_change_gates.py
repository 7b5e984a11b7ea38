"""Size, copies, quotes and canaries: what passes and what does not."""

import pytest

from dagster_kb.gates.canary import CANARIES, choose, finds_canary, question_of
from dagster_kb.gates.change import keeps_size, no_duplicates, quotes_hold
from dagster_kb.gates.evidence import Canary, Quoted, QuotedDocument, Size, Twin, Twins
from dagster_kb.gates.verdicts import Verdict
from kb_contract.agent_manifest import GateSettings
from tests.doubles.known_evidence import KnownEvidence, found, passage

LARGE = Size(1, 100, 900)


@pytest.mark.parametrize(
    ("now", "live", "passes"),
    [
        (Size(2, 100, 900), LARGE, True),
        (Size(2, 60, 500), LARGE, True),
        (Size(2, 40, 900), LARGE, False),
        (Size(2, 100, 300), LARGE, False),
        (Size(2, 1, 2), Size(1, 5, 19), True),  # small agents change a lot
        (Size(2, 1, 1), None, True),
    ],
)
def test_an_agent_does_not_shrink_at_once(now: Size, live: Size | None, passes: bool):
    verdict = keeps_size(KnownEvidence(sizes=(now, live)))
    assert verdict.passed is passes
    assert verdict.refuses is not passes


def test_who_shrinks_is_told_from_what_and_how_to_mean_it():
    said = keeps_size(KnownEvidence(sizes=(Size(2, 40, 900), LARGE))).description
    assert "documents fell from 100 to 40 (60%)" in said
    assert "`gate: {max_shrink: 1.0}`" in said
    allowed = GateSettings(max_shrink=0.6)
    assert keeps_size(KnownEvidence(settings=allowed, sizes=(Size(2, 40, 900), LARGE))).passed


def copies(count: int, of: int, **settings: object) -> Verdict:
    twins = Twins(count, [Twin("The same words.", ["knowledge/a/x.md", "knowledge/a/y.md"])])
    chosen = GateSettings.model_validate(settings)
    return no_duplicates(KnownEvidence(settings=chosen, same=twins, sizes=(Size(2, 2, of), None)))


def test_many_copies_warn_with_their_places():
    verdict = copies(2, 10)
    assert verdict.warns
    assert not verdict.refuses
    assert "knowledge/a/x.md and knowledge/a/y.md" in verdict.description
    assert verdict.table
    assert copies(1, 10).passed
    assert copies(2, 10, duplicates="refuse").refuses
    assert copies(2, 10, duplicates="off").passed
    assert copies(2, 10, max_duplicates=0.2).passed


def quoting(text: str | None) -> KnownEvidence:
    one = passage("vault", start=4, end=9)
    return KnownEvidence(in_git=Quoted([QuotedDocument(one.path, text, [one])], 1, "c" * 40))


def test_quotes_hold_where_git_has_the_very_words():
    verdict = quotes_hold(quoting("the vault"))
    assert verdict.passed
    assert verdict.facts["passages"] == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [("the VAULT", "other words stand there"), (None, "git has no such file")],
)
def test_quotes_that_do_not_are_named(text: str | None, why: str):
    verdict = quotes_hold(quoting(text))
    assert verdict.refuses
    assert f"knowledge/a/x.md 4:9 ({why}" in verdict.description


MINE = passage("It lies in the vault below the house.")
OTHER = passage("The moon is a rock.", "moon.md")


def bird(*order: object) -> Canary:
    return Canary(question_of(MINE), MINE, [found(one) for one in order])  # type: ignore[arg-type]


def test_canaries_find_their_own_document():
    assert finds_canary(KnownEvidence(birds=[bird(OTHER, MINE)])).passed
    copy = passage(MINE.text, "copy.md")
    assert finds_canary(KnownEvidence(birds=[bird(copy)])).passed
    assert finds_canary(KnownEvidence()).passed


def test_a_canary_that_does_not_is_named_and_most_must():
    verdict = finds_canary(KnownEvidence(birds=[bird(OTHER), bird()]))
    assert verdict.refuses
    assert "not found: knowledge/a/x.md" in verdict.description
    assert finds_canary(KnownEvidence(birds=[bird(OTHER), bird(MINE), bird(MINE)])).passed
    assert not finds_canary(KnownEvidence(birds=[bird(OTHER), bird(MINE)])).passed
    assert finds_canary(
        KnownEvidence(settings=GateSettings(canary="off"), birds=[bird(OTHER)])
    ).passed


def test_canaries_are_of_different_documents_with_words():
    many = [passage(f"These are enough words, {n}.", f"{n}.md") for n in range(9)]
    assert len(list(choose([*many, *many]))) == CANARIES
    assert list(choose([passage("| --- | --- |"), MINE, MINE])) == [MINE]
    assert question_of(MINE).startswith("T Keys It lies in the vault")
