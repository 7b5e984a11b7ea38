"""Real weights: torch and ONNX Runtime fill one space, one text starts no torch, all cores work."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from graph.gateways.query_embedder import QuestionEmbedder
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.sentence_models.export_cache import ExportCache, Kind
from kb_contract.sentence_models.exporting import export, kinds_here
from kb_contract.sentence_models.model_files import find_model
from kb_contract.sentence_models.onnx_model import OnnxModel
from kb_contract.sentence_models.torch_model import TorchModel, computes_in_bfloat16, load
from kb_contract.sentence_models.traced_model import TracedModel
from kb_contract.sentence_models.vectors import unit_rows

pytestmark = [
    pytest.mark.model,
    pytest.mark.timeout(400),
]  # loads torch, on a machine that may be busy

ROOT = Path(__file__).parents[2]
FILES = find_model(DEFAULT_MODEL)


@dataclass(frozen=True)
class Raced:
    """What two left who exported at once, and how the other ended."""

    folder: Path
    code: int


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Raced:
    folder = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-m", "kb_contract.sentence_models.exporting",
               "--cache", str(folder)]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT) as other:
        for kind in kinds_here():
            export(FILES, folder, kind)
        return Raced(folder, other.wait(300))


@pytest.fixture(scope="module")
def cache(raced: Raced) -> Path:
    return raced.folder


@pytest.fixture(scope="module", params=[32, pytest.param(100, marks=pytest.mark.full)])
def texts(request: pytest.FixtureRequest) -> list[str]:
    many: int = request.param
    words = " ".join(
        path.read_text("utf-8") for path in sorted((ROOT / "knowledge").rglob("*.md"))
    ).split()
    # No two alike: those would be equally near, and their order is nobody's.
    step = (len(words) - 120) // many
    return [" ".join(words[at * step : at * step + 10 + at * 37 % 110]) for at in range(many)]


@pytest.fixture(scope="module")
def reference(texts: list[str]) -> np.ndarray:
    return unit_rows(load(FILES, "float32", 1).encode(texts, batch_size=16))


def exported(cache: Path, kind: Kind) -> Path:
    found = ExportCache(cache, FILES.weights_sha256(), kind).find()
    assert found is not None
    return found


def graph_in(cache: Path) -> OnnxModel:
    return OnnxModel(FILES, exported(cache, "onnx"), 256)


def neighbours(vectors: np.ndarray) -> list[set[int]]:
    near = vectors @ vectors.T - 2 * np.eye(len(vectors))
    return [set(row[:10]) for row in np.argsort(-near, axis=1)]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    pairs = zip(neighbours(one), neighbours(other), strict=True)
    return float(np.mean([len(a & b) / 10 for a, b in pairs]))


def test_two_who_export_at_once_leave_one_that_is_whole(raced: Raced):
    assert raced.code == 0
    assert exported(raced.folder, "onnx")
    assert not list(raced.folder.glob("exporting-*"))


def test_every_runtime_fills_the_same_space(cache: Path, texts: list[str], reference: np.ndarray):
    onnx = graph_in(cache).embed(texts)
    quick = TorchModel(FILES).embed(texts)
    assert (onnx * reference).sum(axis=1).min() >= 0.99999
    assert (quick * reference).sum(axis=1).min() >= 0.9998
    assert overlap(onnx, reference) >= 0.99
    assert overlap(quick, reference) >= 0.97


@pytest.mark.skipif(not computes_in_bfloat16(), reason="this CPU does not compute in bfloat16")
def test_a_traced_graph_gives_the_vectors_of_the_library_and_loads_none_of_it(
    cache: Path, texts: list[str], reference: np.ndarray
):
    graph = exported(cache, "traced")
    traced = TracedModel(FILES, graph, 256).embed(texts)
    assert (traced * reference).sum(axis=1).min() >= 0.9998
    assert overlap(traced, reference) >= 0.97
    program = (
        "import sys; from pathlib import Path;"
        "from kb_contract.embedding_space import DEFAULT_MODEL;"
        "from kb_contract.sentence_models.model_files import find_model;"
        "from kb_contract.sentence_models.traced_model import TracedModel;"
        "TracedModel(find_model(DEFAULT_MODEL), Path(sys.argv[1]), 256).embed(['one']);"
        "print({'transformers', 'sentence_transformers', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(graph)],
                          cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "set()"


async def test_a_question_is_the_same_to_both_sides_with_each_of_its_words(cache: Path):
    question = ["How often are keys replaced?"]
    writer = SentenceEmbedder(DEFAULT_MODEL, backend="onnx", cache=cache)
    [ours], [theirs] = writer.read(question), await QuestionEmbedder(cache=cache).read(question)
    [whole] = writer.embed(question)
    writer.close()
    assert ours.words.words == theirs.words.words == ("often", "keys", "replaced")
    assert np.allclose(ours.vector, theirs.vector, atol=1e-6)
    assert np.allclose(ours.vector, whole, atol=1e-6)
    assert np.allclose(ours.words.rows, theirs.words.rows, atol=1e-6)


def test_one_text_needs_no_torch(cache: Path):
    program = (
        "import sys; from pathlib import Path;"
        "from dagster_kb.resources.sentence_embedder import SentenceEmbedder;"
        "from kb_contract.embedding_space import DEFAULT_MODEL;"
        "e = SentenceEmbedder(DEFAULT_MODEL, cache=Path(sys.argv[1]));"
        "assert e.embed(['one']).shape == (1, 384);"
        "e.close();"  # waits for what goes on behind
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(cache)],
                          cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "False"


def test_many_texts_are_embedded_by_processes_in_the_order_that_they_came(
    cache: Path, texts: list[str]
):
    embedder = SentenceEmbedder(DEFAULT_MODEL, processes=2, backend="onnx", cache=cache)
    with embedder.lanes(256) as lanes:
        futures = [lanes.submit(texts[at : at + 8]) for at in range(0, 32, 8)]
        found = np.concatenate([one.result().vectors for one in futures])
        assert (lanes.processes, lanes.runs_on) == (2, "onnx float32")
    embedder.close()
    assert np.allclose(found, graph_in(cache).embed(texts[:32]), atol=1e-5)


def test_the_first_few_texts_of_a_machine_leave_an_export_behind(tmp_path: Path):
    embedder = SentenceEmbedder(DEFAULT_MODEL, cache=tmp_path)
    embedder.embed(["one"])
    embedder.close()
    assert ExportCache(tmp_path, embedder.space.weights_sha256).find() is not None
