"""Trains the planner's reading: `python -m graph.planning.train`. The same lines, the same model."""

import argparse
import logging
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from graph.classification.encoder import Encoder
from graph.classification.rules import classify
from graph.classification.wording import ends_of
from graph.planning.decomposition import sketch_of
from graph.planning.needs_labels import (
    TRAINING,
    LabelledOutline,
    Outline,
    features_of,
    outline_of,
    read_labelled,
)
from graph.planning.needs_measures import Measured, figures, threshold
from graph.planning.needs_model import HERE, load_card, save, sentence_model, training_digest
from graph.planning.needs_reading import begins_as_a_question, turned_away
from graph.planning.needs_training import Lesson, taught
from graph.planning.sketch import Sketch
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.sentence_models.model_files import ModelFiles, find_model

WRITERS: Final = "writer_"
"""Authors who saw no code: only they say how good it is on questions of strangers."""
_log = logging.getLogger("graph.planning.train")


Row = tuple[LabelledOutline, Outline, Lesson]


def train(training: Path = TRAINING, folder: Path = HERE) -> None:
    """Read every question, measure with each writer left out, learn from everything, write the model."""
    files = find_model(DEFAULT_MODEL)
    rows = heard(read_labelled(training), sentence_model(files.folder).ready())
    learn(rows, files, training_digest(training), folder)


def learn(rows: Sequence[Row], files: ModelFiles, training_sha256: str, folder: Path) -> None:
    """Measure and learn from what was heard of every question."""
    began = time.monotonic()
    writers = sorted({one.author for one, _, _ in rows if one.author.startswith(WRITERS)})
    measured = {writer: _left_out(rows, writer) for writer in writers}
    _log.info("measured, %.0f s", time.monotonic() - began)
    known = Counter(one.outline for one, _, _ in rows)
    asks_from = threshold([one for several in measured.values() for one in several])
    card = save(
        taught([lesson for _, _, lesson in rows]), folder,
        training_sha256=training_sha256, questions=len(rows),
        encoder=files.name, encoder_sha256=files.weights_sha256(), asks_from=asks_from,
        outlines=[[list(one.counts), one.shape, often] for one, often in sorted(known.items(), key=str)],
        figures={name: figures(several, known, asks_from) for name, several in measured.items()},
    )  # fmt: skip
    _log.info("asks from a chance of %.2f, %.0f s", asks_from, time.monotonic() - began)
    for name, one in card.figures.items():
        _log.info("%s: %s", name, one)


def heard(lines: Sequence[LabelledOutline], encoder: Encoder) -> list[Row]:
    """Return every line with what the rules and the sentence model say of it."""
    rows: list[Row] = []
    for one in lines:
        rules = by_rules(one.query)
        meaning = encoder.encode(ends_of(one.query))
        rows.append((one, rules, Lesson(meaning, features_of(rules), one.outline.classes())))
    return rows


def _left_out(rows: Sequence[Row], writer: str) -> list[Measured]:
    """Read a writer's questions with a model that was not taught them."""
    model = taught([lesson for one, _, lesson in rows if one.author != writer])
    return [
        Measured(
            one.outline,
            rules,
            model.read(lesson.meaning, lesson.rules),
            away=turned_away(one.query),
            wonders=begins_as_a_question(one.query),
        )
        for one, rules, lesson in rows
        if one.author == writer
    ]


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
    train(given.training, given.out)


if __name__ == "__main__":
    main()
