"""Embedders that fail as real ones do: on one text, on all, with numbers that are none, or dead."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dagster_kb.resources.embedder import Vectors
from kb_contract.sentence_models.word_vectors import NO_WORDS, WordVectors
from tests.doubles.hash_embedder import HashEmbedder


class FailingEmbedder(HashEmbedder):
    """Fails on texts that contain `bad`; `poison` says how."""

    def __init__(self, bad: str, poison: str = "error") -> None:
        super().__init__()
        self.bad = bad
        self.poison = poison
        self.calls = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        hit = [at for at, text in enumerate(texts) if self.bad in text]
        if hit and self.poison == "error":
            raise OverflowError(f"cannot embed {len(texts)} text(s)")
        vectors = super().embed(texts)
        if self.poison == "nan":
            vectors[hit] = np.nan
        if self.poison == "zero":
            vectors[hit] = 0.0
        return vectors


@dataclass(frozen=True)
class DeadlyModel:
    """Takes its process along when it meets a certain text."""

    deadly: str
    runs_on: str = "words"

    def load(self) -> "DeadlyModel":
        return self

    prefix: str = ""

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.deadly in texts:
            os.kill(os.getpid(), signal.SIGKILL)
        return HashEmbedder().embed(texts)

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        return self.embed(texts), [NO_WORDS] * len(texts)
