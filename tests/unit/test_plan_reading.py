"""How the trained reading stands beside the rules: neither alone can keep a deed from being asked about."""

import json
from pathlib import Path

import numpy as np
import pytest

from graph.classification.classifier import Classification
from graph.classification.low_rank import Changes, thin_names
from graph.planning.decomposition import sketch_of
from graph.planning.evidence import Evidence
from graph.planning.needs_labels import (
    FEATURES,
    HEADS,
    SHAPES,
    TRAINING,
    TYPE_FEATURES,
    Outline,
    type_features_of,
)
from graph.planning.needs_measures import MISS, Measured, figures, threshold
from graph.planning.needs_model import (
    HERE,
    MODEL_FILE,
    NeedsModel,
    Reading,
    load,
    load_card,
    save,
    training_digest,
)
from graph.planning.needs_reading import NeedsReader, decided, load_parts
from graph.planning.phrases import begins, says
from graph.planning.train import MEASURED, by_rules
from kb_contract.errors import BadSetting

LOOKUP = Outline((1, 0, 0, 0, 0, 0), "single")
DEED = Outline((0, 0, 0, 0, 0, 1), "single")
CHECKED_DEED = Outline((1, 0, 0, 0, 1, 1), "sequential")
GREETING = Outline((0, 0, 0, 0, 0, 0), "direct")
FROM = 0.2
KNOWN = (LOOKUP, DEED, CHECKED_DEED, GREETING)


def reading(of: Outline, sure: float = 0.9, action: float | None = None) -> Reading:
    """As sure of one outline, and the rest shared; the chance of an action may be said apart."""
    others = [one for one in KNOWN if one != of]
    chances = {of: sure, **dict.fromkeys(others, (1 - sure) / len(others))}
    if action is not None:
        acting = {one: chance for one, chance in chances.items() if one.count("action")}
        quiet = {one: chance for one, chance in chances.items() if one not in acting}
        chances = {one: action * chance / sum(acting.values()) for one, chance in acting.items()}
        chances |= {
            one: (1 - action) * chance / sum(quiet.values()) for one, chance in quiet.items()
        }
    return Reading(chances)


@pytest.mark.parametrize(
    ("rules", "read", "acts"),
    [
        (DEED, reading(LOOKUP, action=0.1), True),
        (LOOKUP, reading(DEED, action=0.9), True),
        (LOOKUP, reading(LOOKUP, action=0.21), True),
        (LOOKUP, reading(LOOKUP, action=0.19), False),
        (DEED, reading(LOOKUP, action=0.001), True),
    ],
)
def test_rules_or_model_ask_for_an_approval(rules: Outline, read: Reading, acts: bool):
    said = decided(rules, read, asks_from=FROM)
    assert (said.count("action") > 0) is acts


def test_in_a_question_a_verb_of_the_rules_needs_some_belief_of_the_model():
    hardly = reading(LOOKUP, action=0.001)
    assert not decided(DEED, hardly, FROM, Evidence(wonders=True)).count("action")
    assert decided(DEED, reading(LOOKUP, action=0.06), FROM, Evidence(wonders=True)).count("action")
    assert begins("How do I undo the last commit but keep my changes?", "asks")
    assert not begins("Make a decision about the lease", "asks")


def test_the_likeliest_known_outline_is_taken():
    assert decided(DEED, reading(CHECKED_DEED), FROM) == CHECKED_DEED


def test_only_a_plain_greeting_needs_no_step():
    assert decided(LOOKUP, reading(GREETING, sure=0.95), FROM) == GREETING
    assert decided(LOOKUP, reading(GREETING, sure=0.7), FROM).shape != "direct"


def test_many_lookups_are_counted_by_the_words():
    six = Outline((6, 0, 1, 0, 0, 0), "parallel_then_join")
    four = Outline((4, 0, 1, 0, 0, 0), "parallel_then_join")
    five = Outline((5, 0, 1, 0, 0, 0), "parallel_then_join")
    for read in (reading(four), reading(five)):
        assert decided(six, read, FROM) == six


def test_what_the_model_tells_apart_is_not_counted_by_the_words():
    twice = Outline((2, 0, 0, 1, 2, 0), "parallel_then_join")
    once = Outline((2, 0, 0, 1, 1, 0), "parallel_then_join")
    assert decided(twice, reading(once), FROM) == once
    three = Outline((0, 0, 0, 0, 0, 3), "mixed")
    assert decided(three, reading(three.clipped()), FROM) == three


def test_the_threshold_weighs_a_miss_as_many_needless_questions():
    deeds = [Measured(DEED, LOOKUP, reading(DEED, action=one)) for one in (0.12, 0.5, 0.9)]
    quiet = [Measured(LOOKUP, LOOKUP, reading(LOOKUP, action=0.02)) for _ in range(50)]
    some = [Measured(LOOKUP, LOOKUP, reading(LOOKUP, action=0.3)) for _ in range(MISS - 1)]
    assert threshold([*deeds, *quiet, *some]) <= 0.12
    assert threshold([*deeds, *quiet, *some, *some]) > 0.3


@pytest.mark.parametrize(
    "question",
    [
        "Word a reminder, but do not send it.", "Preview the notice.", "a handover for her, unsent",
        "Write the reply; I'll send it myself.", "Nichts bestellen, nur rechnen.", "Non spedire nulla",
    ],
)  # fmt: skip
def test_who_says_that_nothing_is_to_be_done_is_taken_at_their_word(question: str):
    assert says(question, "turned away")
    assert not decided(LOOKUP, reading(DEED), FROM, Evidence(away=True)).count("action")
    assert decided(DEED, reading(DEED), FROM, Evidence(away=True)).count("action")


@pytest.mark.parametrize(
    "question",
    [
        "Der Aushang ist alt, kümmerst du dich darum?", "The tap drips. Will you see to it?",
        "La lampe clignote, tu t'en occupes ?", "La puerta no cierra, ¿te encargas?", "Il rubinetto perde, ci pensi tu?",
    ],
)  # fmt: skip
def test_what_is_handed_over_is_asked_about(question: str):
    assert says(question, "handed over")
    assert decided(LOOKUP, reading(GREETING), FROM, Evidence(handed=True)).count("action")
    assert not says("Who takes care of the garden?", "handed over")


def test_named_sides_are_looked_up_alike():
    two = Outline((2, 0, 0, 1, 0, 0), "parallel_then_join")
    three = Outline((3, 0, 0, 1, 0, 0), "parallel_then_join")
    read = Reading({three: 0.6, two: 0.4})
    assert decided(two, read, FROM) == two
    assert decided(LOOKUP, read, FROM) == three


def test_orders_turn_nothing_away():
    for question in ("Send it to all", "Book the hall, the notice is out", "Don't forget to order"):
        assert not says(question, "turned away")


def test_figures_count_missed_and_needless_approvals():
    rows = [
        Measured(DEED, LOOKUP, reading(DEED)),
        Measured(LOOKUP, LOOKUP, reading(LOOKUP, action=0.01)),
        Measured(LOOKUP, DEED, reading(LOOKUP, action=0.5)),
    ]
    said = figures(rows, FROM)
    assert (said["rules"]["missed"], said["rules"]["needless"]) == (1, 1)
    assert (said["joined"]["missed"], said["joined"]["needless"]) == (0, 1)


WIDTH = 8


def a_model() -> NeedsModel:
    chance = np.random.default_rng(3)
    heads = sum(HEADS)
    sizes = (
        (WIDTH, heads),
        (FEATURES, heads),
        (TYPE_FEATURES, heads),
        (heads,),
        (len(KNOWN),),
        (1,),
    )
    said, rules, types, bias, habit, agreement = (
        chance.normal(size=one).astype(np.float32) for one in sizes
    )
    outlines = [[*one.counts, SHAPES.index(one.shape)] for one in KNOWN]
    thin = {name: chance.normal(size=(6, 2, 2)).astype(np.float32) for name in thin_names()}
    return NeedsModel(
        said, rules, types, bias, np.array(outlines, dtype=np.int8), habit, agreement, Changes(thin)
    )


def test_a_model_is_read_as_it_was_saved_and_no_other(tmp_path: Path):
    card = {"training_sha256": "t", "questions": 1, "encoder": "e", "encoder_sha256": "s"}
    save(a_model(), tmp_path, **card, asks_from=FROM)
    assert load(tmp_path).known == KNOWN
    meaning = np.ones(WIDTH, dtype=np.float32)
    said = [one.read(meaning, LOOKUP).chances for one in (a_model(), load(tmp_path))]
    assert said[0] == pytest.approx(said[1], rel=5e-2)
    assert sum(said[0].values()) == pytest.approx(1)
    (tmp_path / MODEL_FILE).write_bytes(b"something else")
    with pytest.raises(BadSetting, match="not that of its card"):
        load(tmp_path)
    (tmp_path / "needs_model.json").write_text("{}")
    with pytest.raises(BadSetting):
        load_card(tmp_path)


def test_the_type_is_evidence_and_silence_says_nothing():
    sure = Classification("simple_lookup", 0.9, "model", (("tool_operation", 0.1),))
    known = type_features_of(sure)
    assert known.shape == (TYPE_FEATURES,)
    assert known.max() == pytest.approx(0.985, abs=0.01)
    assert not type_features_of(None).any()
    assert not type_features_of(Classification("simple_lookup", 0.99, "small_talk")).any()
    meaning = np.ones(WIDTH, dtype=np.float32)
    assert a_model().read(meaning, LOOKUP, sure).chances != a_model().read(meaning, LOOKUP).chances


def test_what_only_the_rules_know_can_be_chosen_too():
    never = Outline((1, 1, 1, 1, 1, 2), "mixed")
    read = a_model().read(np.ones(WIDTH, dtype=np.float32), never)
    assert read.chances.keys() == {*KNOWN, never}


def test_the_shipped_model_is_that_of_its_lines():
    card = load_card(HERE)
    assert card.training_sha256 == training_digest(TRAINING)
    assert (HERE / MODEL_FILE).stat().st_size < 2_000_000
    assert card.figures.keys() == set(MEASURED)


def test_without_the_sentence_model_the_rules_stand_alone():
    sketch = sketch_of("Where is the pier?")
    reader = NeedsReader(rules_alone=True)
    assert reader.joined(sketch, "Where is the pier?") is sketch


def test_small_talk_has_an_outline_of_its_own():
    assert by_rules("thank you") == GREETING
    assert by_rules("Where is the pier?") == LOOKUP


@pytest.mark.parametrize(
    "question",
    [
        "I'd sleep better if the old banner were no longer there.",
        "Nobody has told the caterer yet, could that happen before three?",
        "Der Aushang müsste längst weg sein, kümmern Sie sich bitte darum.",
        "The people on the list ought to have the new code by tonight.",
    ],
)
def test_wishes_that_order_nobody_are_asked_about(question: str):
    parts = load_parts()
    if parts is None:
        pytest.skip("the sentence model is not installed")
    joined = NeedsReader(parts).joined(sketch_of(question), question)
    assert "action" in [one.capability for one in joined.needs]


@pytest.mark.parametrize(
    "question",
    [
        "Who approved the deletion of the tapes?",
        "What does it take to be removed from the list?",
        "How do I undo the last commit but keep my changes?",
        "Explain the difference between merge and rebase",
        "what's the difference between cancel and delete",
    ],
)
def test_questions_about_deeds_are_answered(question: str):
    parts = load_parts()
    if parts is None:
        pytest.skip("the sentence model is not installed")
    joined = NeedsReader(parts).joined(sketch_of(question), question)
    assert "action" not in [one.capability for one in joined.needs]


def test_every_line_of_training_is_sound():
    seen: set[str] = set()
    for file in sorted(TRAINING.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            assert row["query"] not in seen, row["query"]
            seen.add(row["query"])
            assert row["needs_approval"] == ("action" in row["capabilities"])
            assert sum(row["capabilities"].values()) == len(row["steps"])
    assert len(seen) > 2_000
