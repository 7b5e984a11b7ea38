"""golden.yaml: what is found, how near to the top, and what a failing question is told."""

import pytest

from dagster_kb.gates.evidence import Asked, Passage
from dagster_kb.gates.golden import answers, as_good_as_live, finds_golden
from dagster_kb.gates.ranking import ENOUGH, drops, figures
from kb_contract.agent_manifest import GateSettings, GoldenQuestion
from tests.doubles.known_evidence import KnownEvidence, found, passage, payload

ASKED = GoldenQuestion(question="Where is it?", path="x.md", quote="in  the VAULT")
RIGHT = passage("It lies in the vault.")
OTHER = passage("The moon is a rock.", "moon.md", ("Sky",))


def evidence(*order: Passage, question: GoldenQuestion = ASKED, **more: object) -> KnownEvidence:
    asked = Asked(question, [found(one) for one in order])
    values = {"passages": (RIGHT, OTHER), "questions": (asked,), **more}
    return KnownEvidence(**values)  # type: ignore[arg-type]


def at(rank: int | None, number: int = 0) -> Asked:
    """A question whose passage stands at that rank."""
    order = [OTHER] * 10
    if rank is not None:
        order[rank - 1] = RIGHT
    return Asked(ASKED.model_copy(update={"question": f"Where is it, {number}?"}),
                 [found(one) for one in order])  # fmt: skip


def test_what_is_found_passes_with_its_figures():
    verdict = finds_golden(evidence(OTHER, RIGHT))
    assert verdict.passed
    assert (verdict.facts["recall"], verdict.facts["mrr"]) == (1.0, 0.5)
    assert verdict.facts["ndcg"] == pytest.approx(0.63, abs=0.01)
    assert verdict.table is None


def test_no_questions_pass():
    assert finds_golden(KnownEvidence()).passed
    assert as_good_as_live(KnownEvidence()).passed


def test_what_is_missed_names_question_passage_and_what_came_instead():
    verdict = finds_golden(evidence(OTHER))
    assert verdict.refuses
    for part in (
        "'Where is it?' should find x.md with 'in  the VAULT'",
        "instead came knowledge/a/moon.md > Sky (0.50): “The moon is a rock.”",
    ):
        assert part in verdict.description
    assert verdict.table
    assert verdict.table.rows[0][:3] == ["Where is it?", "x.md: 'in  the VAULT'", "not found"]
    assert not finds_golden(evidence()).passed


def test_the_floor_is_a_setting():
    floor = GateSettings(golden_recall=0.0)
    assert finds_golden(evidence(OTHER, settings=floor)).passed
    assert not finds_golden(evidence(OTHER, RIGHT, settings=GateSettings(golden_at=1))).passed
    assert finds_golden(evidence(OTHER, RIGHT, settings=GateSettings(golden_at=2))).passed


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"path": "y.md"}, "the agent has no document 'y.md'; did you mean 'x.md'?"),
        ({"path": "zzzzzzzz/qqqq.pdf"}, "look at the list of documents"),
        ({"path": "old.md"}, "old.md is not published: a draft"),
        (
            {"quote": "It lays in the vault"},
            "its quote stands nowhere in x.md; the nearest is “It lies in the vault.”, under 'Keys'",
        ),
        ({"quote": "elephants everywhere"}, "its quote stands nowhere in x.md"),
        ({"quote": "vault. It has"}, "runs over the border of two passages"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_why(question: dict[str, str], why: str):
    asked = ASKED.model_copy(update=question)
    more = passage("It has a door.", chunk_id="2")
    verdict = finds_golden(
        evidence(OTHER, question=asked, passages=(RIGHT, more, OTHER),
                 unpublished={"knowledge/a/old.md": "a draft"})
    )  # fmt: skip
    assert why in verdict.description


def test_a_passage_that_the_asker_may_not_read_is_told():
    hidden = passage("It lies in the vault.", audience=("staff",))
    verdict = finds_golden(evidence(OTHER, passages=(hidden,)))
    assert "only staff may read it" in verdict.description
    asked = ASKED.model_copy(update={"audience": ("staff",)})
    known = finds_golden(evidence(OTHER, passages=(hidden,), question=asked))
    assert "may read it" not in known.description


@pytest.mark.parametrize(
    ("dates", "why"),
    [
        ({"expires": "2020-01-01T00:00:00Z"}, "it expired at 2020-01-01T00:00:00Z"),
        ({"effective": "2999-01-01T00:00:00Z"}, "not served before 2999-01-01T00:00:00Z"),
    ],
)
def test_a_passage_that_does_not_hold_today_is_told(dates: dict[str, str], why: str):
    other_day = passage("It lies in the vault.", **dates)
    assert why in finds_golden(evidence(OTHER, passages=(other_day,))).description


def test_what_came_instead_withholds_a_secret():
    verdict = finds_golden(evidence(passage("key AKIAIOSFODNN7ABCDEFG", "moon.md")))
    assert "(withheld: AWS Access Key)" in verdict.description
    assert "AKIA" not in str(verdict.as_json())


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        ("knowledge/a/x.md", True),
        ("a/x.md", True),
        ("knowledge/a/deep/x.md", False),
        ("knowledge/ba/x.md", False),
    ],
)
def test_a_golden_path_is_relative_to_the_agents_folder(path: str, fits: bool):
    there = payload(RIGHT) | {"metadata": {"path": path, "heading_path": []}}
    assert answers("a", ASKED, there) is fits


def compared(before: list[int | None], now: list[int | None], **settings: float) -> KnownEvidence:
    return KnownEvidence(
        settings=GateSettings(**settings),  # type: ignore[arg-type]
        questions=[at(rank, number) for number, rank in enumerate(now)],
        live_questions=[at(rank, number) for number, rank in enumerate(before)],
    )


def test_a_large_drop_beyond_chance_is_refused_and_named():
    verdict = as_good_as_live(compared([1] * 10, [4] * 10))
    assert verdict.refuses
    assert "mrr fell by 0.75" in verdict.description
    assert (verdict.facts["mrr"], verdict.facts["mrr_of_live"]) == (0.25, 1.0)
    assert verdict.table
    assert verdict.table.rows[0][2:4] == [1, 4]


@pytest.mark.parametrize(
    ("before", "now", "settings"),
    [
        ([1] * 10, [1] * 10, {}),
        ([4] * 10, [1] * 10, {}),
        ([1] * 10, [4] * 10, {"max_drop": 0.8}),
        ([1] * 10, [2] + [1] * 9, {}),  # one question of ten is chance
    ],
)
def test_no_drop_a_small_one_and_an_allowed_one_pass(
    before: list[int | None], now: list[int | None], settings: dict[str, float]
):
    assert as_good_as_live(compared(before, now, **settings)).passed


def test_few_questions_cannot_tell_a_drop_from_chance():
    verdict = as_good_as_live(compared([1] * (ENOUGH - 1), [9] * (ENOUGH - 1)))
    assert verdict.passed
    assert "cannot tell a drop from chance" in verdict.description
    assert verdict.table


def test_nothing_live_is_nothing_to_compare_with():
    assert as_good_as_live(evidence(RIGHT)).passed


def test_figures():
    one = figures([1, 2, None, 11], 5)
    assert (one.recall, one.mrr) == (0.5, 0.375)
    assert figures([], 5).recall == 1.0


def test_the_same_comparison_gives_the_same_verdict():
    before: list[int | None] = [1, 1, 2, 3, 1, None, 1, 2]
    now: list[int | None] = [2, 1, 4, 3, 1, None, 3, 2]
    assert drops(before, now, 5) == drops(before, now, 5)


def test_that_there_are_none_any_more_is_told_and_holds_nothing_back():
    found = as_good_as_live(KnownEvidence(asked_before=12))
    assert (found.passed, found.refuses) == (False, False)
    assert "it asked 12 questions" in found.description
    assert as_good_as_live(KnownEvidence()).passed
