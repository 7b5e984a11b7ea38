"""Trains the planner's reading: `python -m graph.planning.train`. The same lines, the same model."""

import argparse
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from graph.classification.question_model import load_model
from graph.classification.rules import classify
from graph.classification.trained import TrainedClassifier
from graph.classification.wording import ends_of
from graph.planning.decomposition import sketch_of
from graph.planning.evidence import evidence_of
from graph.planning.needs_labels import (
    TRAINING,
    LabelledOutline,
    Outline,
    outline_of,
    read_labelled,
    type_features_of,
)
from graph.planning.needs_measures import Measured, figures, threshold
from graph.planning.needs_model import (
    HERE,
    NeedsCard,
    NeedsModel,
    load_card,
    save,
    sentence_model,
    training_digest,
)
from graph.planning.needs_training import ROUNDS, Lesson, taught
from graph.planning.sketch import Sketch
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.sentence_models.model_files import find_model

OFTEN: Final[Mapping[str, tuple[float, float]]] = {
    "agreed": (1, 2), "writer": (1, 1), "earlier": (1, 1), "alike": (1, 1), "asked": (0.1, 0.1),
}  # fmt: skip
"""By kind of author, how often each round goes through a line; others' only through all, at first."""
CLASSIFIERS: Final = "asked"
"""Lines that the classifier was taught: what it says of them is no evidence."""
MEASURED: Final = ("agreed_b", "writer_d", "writer_f")
"""Authors who are left out together to be measured on: an easy one, a hard one, and one between."""
_log = logging.getLogger("graph.planning.train")


def train(
    training: Path = TRAINING, folder: Path = HERE, rounds: tuple[int, int] = ROUNDS
) -> NeedsCard:
    """Measure with some writers left out, learn from everything, write the model."""
    began, files = time.monotonic(), find_model(DEFAULT_MODEL)
    lines = read_labelled(training)
    learner = Learner(files.folder, rounds)
    lessons = [learner.lesson(one) for one in lines]
    measured = learner.left_out(lines, lessons)
    _log.info("measured without %s, %.0f s", ", ".join(measured), time.monotonic() - began)
    asks_from = threshold([one for several in measured.values() for one in several])
    card = save(
        learner.taught(lessons), folder,
        training_sha256=training_digest(training), questions=len(lines),
        encoder=files.name, encoder_sha256=files.weights_sha256(), asks_from=asks_from,
        figures={name: figures(several, asks_from) for name, several in measured.items()},
    )  # fmt: skip
    _log.info("trained, %.0f s", time.monotonic() - began)
    return card


class Learner:
    """Begins where the classifier's training ended: that model knows already what is asked for."""

    def __init__(self, sentence_model: Path, rounds: tuple[int, int]) -> None:
        self._folder, self._rounds = sentence_model, rounds
        self._classifier = TrainedClassifier()

    def lesson(self, line: LabelledOutline) -> Lesson:
        kind = line.author.partition("_")[0]
        said = None if kind == CLASSIFIERS else self._classifier.local(line.query)
        often = OFTEN.get(kind, (1, 0))
        return Lesson(line.query, by_rules(line.query), line.outline, type_features_of(said), often)

    def taught(self, lessons: Sequence[Lesson]) -> NeedsModel:
        return taught(lessons, self._folder, load_model().changes, rounds=self._rounds)

    def left_out(
        self, lines: Sequence[LabelledOutline], lessons: Sequence[Lesson]
    ) -> dict[str, list[Measured]]:
        """Read the questions of some writers with a model that was taught none of theirs."""
        pairs = list(zip(lines, lessons, strict=True))
        model = self.taught([lesson for one, lesson in pairs if one.author not in MEASURED])
        encoder = sentence_model(self._folder, model.changes)
        measured: dict[str, list[Measured]] = {}
        for one in lines:
            if one.author in MEASURED:
                rules, type_said = by_rules(one.query), self._classifier.local(one.query)
                reading = model.read(encoder.encode(ends_of(one.query)), rules, type_said)
                evidence = evidence_of(one.query, rules, type_said)
                said = Measured(one.outline, rules, reading, evidence)
                measured.setdefault(one.author, []).append(said)
        return measured


def by_rules(question: str) -> Outline:
    """What the rules alone make of a question."""
    said = classify(question)
    if said.path == "small_talk":
        return outline_of(Sketch())
    return outline_of(sketch_of(question, analysis=said.query_type == "complex_analysis"))


def main() -> None:
    """Train anew, or with --check say whether the model is that of its training lines."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="only compare digests")
    parser.add_argument("--training", type=Path, default=TRAINING, help="folder of *.jsonl")
    parser.add_argument("--out", type=Path, default=HERE, help="where the model is written")
    given: Any = parser.parse_args()
    if given.check:
        same = load_card(given.out).training_sha256 == training_digest(given.training)
        _log.info("the model is %s its training lines", "that of" if same else "older than")
        raise SystemExit(0 if same else 1)
    card = train(given.training, given.out)
    _log.info("asks from a chance of %.2f", card.asks_from)
    for name, one in card.figures.items():
        _log.info("%s: %s", name, one)


if __name__ == "__main__":
    main()
