"""Choosing how to embed, refusing vectors, and the folder of exports."""

from pathlib import Path

import numpy as np
import pytest

from dagster_kb.resources import embedding_lanes, sentence_embedder
from dagster_kb.resources.embedder import checked
from dagster_kb.resources.sentence_embedder import (
    TEXTS_FOR_A_PROCESS,
    TEXTS_FOR_A_QUICK_PROCESS,
    TEXTS_FOR_TORCH,
    TEXTS_FOR_TRACED,
    SentenceEmbedder,
)
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.errors import BadVector
from kb_contract.sentence_models.export_cache import ExportCache
from kb_contract.sentence_models.model_files import find_model
from kb_contract.sentence_models.token_batches import TokenBatches

UNIT = np.eye(2, 4, dtype=np.float32)


@pytest.mark.parametrize("vectors", [
    UNIT[:1], UNIT[:, :3], np.full_like(UNIT, np.nan), np.full_like(UNIT, np.inf), UNIT * 0,
    UNIT * 1.01,
])  # fmt: skip
def test_vectors_that_would_spoil_a_search_are_refused(vectors: np.ndarray):
    with pytest.raises(BadVector):
        checked(vectors, 2, 4)


def test_unit_vectors_pass():
    assert checked(UNIT, 2, 4) is UNIT


@pytest.fixture
def embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SentenceEmbedder:
    monkeypatch.setattr(sentence_embedder, "processes_here", lambda: 8)
    return SentenceEmbedder(DEFAULT_MODEL, cache=tmp_path)


@pytest.mark.parametrize(
    ("texts", "processes"), [(1, 1), (TEXTS_FOR_A_PROCESS * 2, 2), (TEXTS_FOR_A_PROCESS * 99, 8)]
)
def test_processes_are_used_as_far_as_they_pay(
    embedder: SentenceEmbedder, texts: int, processes: int
):
    with embedder.lanes(texts) as lanes:
        assert lanes.processes == processes
        embedder._asked_to_export = True


def test_a_quick_start_makes_more_processes_pay(embedder: SentenceEmbedder, tmp_path: Path):
    embedder._asked_to_export = True
    embedder._exported["onnx"] = tmp_path / "model.onnx"
    with embedder.lanes(TEXTS_FOR_A_QUICK_PROCESS * 2) as lanes:
        assert lanes.processes == 2


def test_a_process_that_grows_with_its_model_is_not_taken_for_a_leak():
    """Ended and started anew in the middle, it would load the model twice."""

    def grown(megabytes: int) -> int:
        import os
        import time

        os.held = b"x" * (megabytes * 10**6)  # pyright: ignore[reportAttributeAccessIssue]
        time.sleep(1.1)  # so long after the last look, processes are looked at again
        return os.getpid()

    pool = embedding_lanes._pool(1)
    try:
        assert len({pool.submit(grown, many).result() for many in (0, 400, 400)}) == 1
    finally:
        pool.shutdown(wait=True)


def test_few_texts_take_the_quick_start_and_many_the_quick_model(
    embedder: SentenceEmbedder, tmp_path: Path
):
    embedder._asked_to_export = True
    graph = tmp_path / "model.onnx"
    graph.write_bytes(b"graph")
    kept = ExportCache(tmp_path, embedder.space.weights_sha256).keep(graph)
    with embedder.lanes(10) as few, embedder.lanes(TEXTS_FOR_TORCH * 9) as many:
        assert (few.choice.backend, few.choice.graph) == ("onnx", kept)
        assert many.choice.backend == "fastest"


def test_many_texts_take_the_traced_graph_once_there_is_one(
    embedder: SentenceEmbedder, tmp_path: Path
):
    embedder._asked_to_export = True
    weights = embedder.space.weights_sha256
    for kind in ("onnx", "traced"):
        (tmp_path / "graph").write_bytes(kind.encode())
        ExportCache(tmp_path, weights, kind).keep(tmp_path / "graph")
    with embedder.lanes(TEXTS_FOR_TRACED) as few, embedder.lanes(TEXTS_FOR_TRACED * 9) as many:
        assert few.choice.backend == "onnx"
        assert many.choice.backend == "fastest"
        assert many.choice.traced == ExportCache(tmp_path, weights, "traced").find()


def test_texts_of_like_length_share_a_batch_and_come_back_in_their_order():
    batches: list[tuple[int, int]] = []

    def run(tokens: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        batches.append(tokens.shape)
        assert ((tokens != 0) == (mask == 1)).all()
        each = np.stack([mask, np.ones(mask.shape)], axis=2)
        return each.sum(axis=1) / [1, tokens.shape[1]], each

    texts = [" ".join(["word"] * words) for words in (3, 50, 1, 7, 300, 2)]
    found = TokenBatches(find_model(DEFAULT_MODEL), 64, 128).embed(texts, run)
    lengths = np.array([5, 52, 3, 9, 64, 4])
    assert np.allclose(found[:, 0] / found[:, 1], lengths)
    # The longest two fill a batch; the short ones share one, padded to the longest of them.
    assert batches == [(2, 64), (4, 9)]


def test_what_is_ready_is_used_again(embedder: SentenceEmbedder):
    embedder._asked_to_export = True
    with embedder.lanes(TEXTS_FOR_TORCH * 9) as many, embedder.lanes(3) as few:
        assert few is many


def test_a_broken_export_is_not_found_and_goes_with_the_next(tmp_path: Path):
    cache = ExportCache(tmp_path, "a" * 64)
    (tmp_path / "new").write_bytes(b"good")
    kept = cache.keep(tmp_path / "new")
    assert cache.find() == kept
    kept.write_bytes(b"cut off")
    assert cache.find() is None
    (tmp_path / "new").write_bytes(b"better")
    assert cache.keep(tmp_path / "new") == cache.find()
    assert not kept.exists()


def test_other_weights_find_nothing(tmp_path: Path):
    (tmp_path / "new").write_bytes(b"graph")
    ExportCache(tmp_path, "a" * 64).keep(tmp_path / "new")
    assert ExportCache(tmp_path, "b" * 64).find() is None
    assert ExportCache(tmp_path / "not-there", "a" * 64).find() is None


def test_what_cannot_be_exported_is_tried_once(tmp_path: Path):
    cache = ExportCache(tmp_path, "a" * 64)
    assert not cache.given_up
    cache.give_up("no such operator")
    assert cache.given_up
