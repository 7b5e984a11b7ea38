"""Trains the classifier: `python -m graph.classification.train`. The same data, the same model."""

import argparse
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np

from graph.classification.encoder import Encoder
from graph.classification.fitting import Evidence, fitted, gathered
from graph.classification.held_out import best_mix, figures, folds_by_domain, held_out_scores
from graph.classification.labelled_texts import by, read_questions
from graph.classification.question_model import (
    HERE,
    TRAINING,
    ModelCard,
    load_card,
    save_model,
    training_digest,
)
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.sentence_models.model_files import ModelFiles, find_model

_log = logging.getLogger("graph.classification.train")


def train(training: Path = TRAINING, folder: Path = HERE) -> ModelCard:
    """Measure on held-out domains and authors, fit on everything, and write model and card."""
    files = find_model(DEFAULT_MODEL)
    began = time.monotonic()
    evidence = gathered(read_questions(training), Encoder(files.folder).ready())
    _log.info("%d questions read, %.0f s", len(evidence.questions), time.monotonic() - began)
    wording, meaning, rows = held_out_scores(evidence, folds_by_domain(evidence.questions))
    asked = [evidence.questions[row] for row in rows]
    mix = best_mix(asked, wording, meaning)
    measured = {
        "held_out_domains": figures(asked, wording * mix[0] + meaning * mix[1]),
        "held_out_domains_wording_only": figures(asked, wording * mix[2]),
        "held_out_authors": _by_author(evidence, mix),
    }
    _log.info("measured, %.0f s", time.monotonic() - began)
    card = save_model(fitted(evidence, mix), _made_of(evidence, files, training, measured), folder)
    _log.info("trained, %.0f s", time.monotonic() - began)
    return card


def _by_author(evidence: Evidence, mix: Any) -> dict[str, Any]:
    """Leave out one author's questions after the other's: the nearest to strangers' questions."""
    found: dict[str, Any] = {}
    authors = by(evidence.questions, "author")
    for author, rows in authors.items() if len(authors) > 1 else ():
        wording, meaning, _ = held_out_scores(evidence, [rows])
        asked = [evidence.questions[row] for row in rows]
        found[author] = figures(asked, wording * mix[0] + meaning * mix[1])
    return found


def _made_of(
    evidence: Evidence, files: ModelFiles, training: Path, measured: dict[str, Any]
) -> dict[str, Any]:
    return {
        "training_sha256": training_digest(training),
        "questions": len(evidence.questions),
        "encoder": files.name,
        "encoder_sha256": files.weights_sha256(),
        "figures": measured,
    }


def main() -> None:
    """Train anew, or with --check say whether the model is that of its training data."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="only compare digests")
    parser.add_argument("--training", type=Path, default=TRAINING, help="folder of *.jsonl")
    parser.add_argument("--out", type=Path, default=HERE, help="where the model is written")
    given = parser.parse_args()
    np.seterr(all="raise", under="ignore")
    if given.check:
        same = load_card(given.out).training_sha256 == training_digest(given.training)
        _log.info("the model is %s its training data", "that of" if same else "older than")
        raise SystemExit(0 if same else 1)
    card = train(given.training, given.out)
    for name, one in card.figures.items():
        _log.info("%s: %s", name, one)


if __name__ == "__main__":
    main()
