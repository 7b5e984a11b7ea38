"""Trains the classifier: `python -m graph.classification.train`. The same data, the same model."""

import argparse
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graph.classification.fitting import Evidence, fitted, gathered
from graph.classification.held_out import HeldOut, best_mix, figures, folds_of, held_out
from graph.classification.labelled_texts import read_questions
from graph.classification.question_model import (
    HERE,
    TRAINING,
    ModelCard,
    load_card,
    save_model,
    training_digest,
)
from graph.classification.tuning import ROUNDS
from graph.classification.wording import Values
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.sentence_models.model_files import ModelFiles, find_model

_log = logging.getLogger("graph.classification.train")


def train(training: Path = TRAINING, folder: Path = HERE, rounds: int = ROUNDS) -> ModelCard:
    """Measure on what is left out, fit on everything, and write model and card."""
    files = find_model(DEFAULT_MODEL)
    began = time.monotonic()
    evidence = gathered(read_questions(training))
    _log.info("%d questions read", len(evidence.questions))
    measured: dict[str, HeldOut] = {}
    for name, fold in folds_of(evidence.questions).items():
        measured[name] = held_out(evidence, fold, files.folder, rounds)
        _log.info("measured without %s, %.0f s", name, time.monotonic() - began)
    whole = HeldOut.joined(list(measured.values()))
    mix = best_mix([evidence.questions[row] for row in whole.rows], whole.wording, whole.meaning)
    model = fitted(evidence, files.folder, mix, rounds)
    found = _figures(evidence, {"all": whole, **measured}, mix)
    card = save_model(model, _made_of(evidence, files, training, found), folder)
    _log.info("trained, %.0f s", time.monotonic() - began)
    return card


def _figures(evidence: Evidence, measured: Mapping[str, HeldOut], mix: Values) -> dict[str, Any]:
    asked = {name: [evidence.questions[row] for row in one.rows] for name, one in measured.items()}
    whole = measured["all"]
    return {
        "held_out": {name: figures(asked[name], one.scores(mix)) for name, one in measured.items()},
        "held_out_wording_only": figures(asked["all"], whole.wording * mix[2]),
    }


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
