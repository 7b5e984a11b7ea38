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
from graph.planning.needs_model import HERE, NeedsModel, load_card, save, training_digest
from graph.planning.needs_training import Lesson, taught
from graph.planning.sketch import Sketch
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.sentence_models.model_files import ModelFiles, find_model

WRITERS: Final = "writer_"
"""Authors who saw no code: only they say how good it is on questions of strangers."""
_log = logging.getLogger("graph.planning.train")


def train(training: Path = TRAINING, folder: Path = HERE) -> None:
    """Measure with each writer left out, learn from everything, and write model and card."""
    files = find_model(DEFAULT_MODEL)
    lines = read_labelled(training)
    rules = [by_rules(one.query) for one in lines]
    writers = sorted({one.author for one in lines if one.author.startswith(WRITERS)})
    measured: dict[str, list[Measured]] = {}
    for writer in writers:
        began = time.monotonic()
        kept = [one for one in zip(lines, rules, strict=True) if one[0].author != writer]
        left = [one for one in zip(lines, rules, strict=True) if one[0].author == writer]
        measured[writer] = _read(_taught(kept, files), left, files)
        _log.info("%s left out, %.0f s", writer, time.monotonic() - began)
    known = Counter(one.outline for one in lines)
    asks_from = threshold([one for several in measured.values() for one in several])
    model = _taught(list(zip(lines, rules, strict=True)), files)
    card = save(
        model, folder, training_sha256=training_digest(training), questions=len(lines),
        encoder=files.name, encoder_sha256=files.weights_sha256(), asks_from=asks_from,
        outlines=[[list(one.counts), one.shape, often] for one, often in sorted(known.items(), key=str)],
        figures={name: figures(several, known, asks_from) for name, several in measured.items()},
    )  # fmt: skip
    for name, one in card.figures.items():
        _log.info("%s: %s", name, one)


def by_rules(question: str) -> Outline:
    """What the rules alone make of a question."""
    said = classify(question)
    if said.path == "small_talk":
        return outline_of(Sketch())
    return outline_of(sketch_of(question, analysis=said.query_type == "complex_analysis"))


def _taught(rows: Sequence[tuple[LabelledOutline, Outline]], files: ModelFiles) -> NeedsModel:
    lessons = [Lesson(one.query, features_of(said), one.outline.classes()) for one, said in rows]
    return taught(lessons, files.folder)


def _read(
    model: NeedsModel, rows: Sequence[tuple[LabelledOutline, Outline]], files: ModelFiles
) -> list[Measured]:
    encoder = Encoder(files.folder, model.changes).ready()
    return [
        Measured(
            one.outline, said, model.read(encoder.encode(ends_of(one.query)), features_of(said))
        )
        for one, said in rows
    ]


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
