from pathlib import Path

import pytest
import yaml

from dagster_kb.gates.blend_choice import (
    BLENDS,
    DEFAULT,
    FOLDS,
    choose_blend,
    choose_threshold,
)
from kb.manifest_file import rewrite, with_retrieval
from kb_contract.agent_manifest import AgentManifest, Blend
from kb_contract.errors import BadManifest

WRITTEN = """\
# Who keeps this: the platform team.
title: Handbook   # seen by everyone
retrieval:
  # Twelve, since pages are short.
  limit: 12

tags: [a, b]
"""


def ranks(default: list[int | None], **others: list[int | None]) -> dict[str, list[int | None]]:
    return dict.fromkeys(BLENDS, default) | {
        name.replace("_", " "): found for name, found in others.items()
    }


def test_the_default_stays_where_nothing_is_better_by_more_than_chance() -> None:
    one_better = choose_blend(ranks([1] * 11 + [2], more_words=[1] * 12))
    assert (one_better.name, one_better.held_out.holds) == (DEFAULT, False)
    assert "does not hold" in one_better.reason
    same = choose_blend(ranks([1] * 12, more_words=[1] * 12))
    assert (same.name, same.held_out.gain) == (DEFAULT, 0.0)


def test_what_is_best_by_luck_of_a_few_questions_is_not_chosen() -> None:
    """Each of many blends has one lucky question, so whoever chooses by some loses on others."""
    lucky = {
        name.replace(" ", "_"): [2] * at + [1] + [2] * (13 - at)
        for at, name in enumerate(one for one in BLENDS if one != DEFAULT)
    }
    found = choose_blend(ranks([2] * 14, **lucky))
    assert found.name == DEFAULT
    assert found.held_out.low <= 0 <= found.held_out.high


def test_the_folds_hold_each_question_out_once_and_say_what_choosing_gains() -> None:
    better = choose_blend(ranks([3] * 12, more_words=[1] * 12)).held_out
    assert (better.folds, better.gain, better.low, better.high) == (FOLDS, 0.5, 0.5, 0.5)
    assert "5 folds" in str(better)


def test_a_blend_that_is_surely_better_is_chosen_with_its_figures() -> None:
    chosen = choose_blend(ranks([3] * 12, more_words=[1] * 12, more_meaning=[2] * 12))
    assert (chosen.name, chosen.blend) == ("more words", BLENDS["more words"])
    assert chosen.figures[chosen.name].ndcg == 1.0


def test_the_threshold_lies_between_the_agents_questions_and_others() -> None:
    found = choose_threshold([0.5] * 20, [0.2] * 20, 0.3)
    assert (found.value, found.wrongly_refused, found.strangers_refused) == (0.35, 0.0, 1.0)


def test_where_both_overlap_at_most_one_in_twenty_of_the_own_is_refused() -> None:
    own = [one / 100 for one in range(20, 60)]
    found = choose_threshold(own, [0.5] * 20, 0.3)
    assert found.wrongly_refused <= 0.05
    assert found.strangers_refused == 0.0


def test_without_others_to_ask_the_threshold_stays_as_it_is() -> None:
    assert choose_threshold([0.5] * 20, [0.2] * 9, 0.3).value == 0.3
    assert choose_threshold([0.5] * 20, [], 0.3).strangers_refused is None


def test_all_but_retrieval_stays_as_a_person_wrote_it(tmp_path: Path) -> None:
    file = tmp_path / "agent.yaml"
    file.write_text(WRITTEN, "utf-8")
    for threshold in (0.4, 0.41):
        said = {"threshold": threshold, "blend": Blend().model_dump(mode="json")}
        rewrite(file, said, [f"measured {threshold}"])
    made = file.read_text("utf-8")
    assert made.startswith(WRITTEN[: WRITTEN.index("retrieval")])
    assert made.endswith("\ntags: [a, b]\n")
    assert "Twelve, since pages are short." in made
    assert ("measured 0.41" in made, "measured 0.4\n" in made) == (True, False)
    manifest = AgentManifest.model_validate({"agent_id": "a", **yaml.safe_load(made)})
    assert (manifest.retrieval.limit, manifest.retrieval.threshold) == (12, 0.41)


@pytest.mark.parametrize(
    "text",
    ["", "title: A\n", "retrieval: {limit: 3}\ntitle: A", "retrieval:\n  limit: 3\n\n\n# end"],
)
def test_it_may_be_written_in_any_of_the_usual_ways(text: str) -> None:
    made = yaml.safe_load(with_retrieval(text, {"threshold": 0.5}, ["why"]))
    said = yaml.safe_load(text) or {}
    assert made == {**said, "retrieval": {**said.get("retrieval", {}), "threshold": 0.5}}


def test_what_cannot_be_changed_line_by_line_is_refused_with_what_to_write() -> None:
    with pytest.raises(BadManifest, match="threshold"):
        with_retrieval("{title: A, retrieval: {limit: 3}}", {"threshold": 0.5}, [])


def test_what_was_chosen_before_and_is_not_now_goes_and_what_an_owner_says_stays() -> None:
    chosen = with_retrieval(WRITTEN, {"threshold": 0.61}, ["threshold 0.61: refuses 0% of its own"])
    assert yaml.safe_load(chosen)["retrieval"] == {"limit": 12, "threshold": 0.61}
    none = ["threshold: refuses 0% of its own"]
    assert yaml.safe_load(with_retrieval(chosen, {}, none))["retrieval"] == {"limit": 12}
    owned = chosen.replace("  threshold: 0.61", "  threshold: 0.55")
    for text in (owned, with_retrieval(owned, {}, none)):
        made = yaml.safe_load(with_retrieval(text, {}, none))["retrieval"]
        assert made == {"limit": 12, "threshold": 0.55}
