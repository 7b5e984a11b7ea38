"""Write a sentence model as graphs that start quickly, once per machine: `python -m …exporting`."""

import argparse
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from kb_contract.embedding_space import DEFAULT_MODEL, EmbeddingSpace
from kb_contract.errors import BadSetting
from kb_contract.sentence_models.export_cache import DEFAULT_CACHE, UNDER_WAY, ExportCache, Kind
from kb_contract.sentence_models.model_files import ModelFiles, find_model
from kb_contract.sentence_models.onnx_model import INPUTS, OUTPUTS, OnnxModel
from kb_contract.sentence_models.torch_model import BATCH, computes_in_bfloat16, load
from kb_contract.sentence_models.traced_model import TracedModel
from kb_contract.sentence_models.vectors import SentenceModel, unit_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

OPSET: Final = 17
_SENTENCE: Final = "Keys are replaced every ninety days, and 'rotated' means just that. "
# Of all lengths, alone and padded, and longer than what models take.
PROBES: Final = ("a", "Schlüssel, 鍵", *(_SENTENCE * times for times in (1, 3, 10, 40)))
_log = logging.getLogger("kb_contract.exporting")


@dataclass(frozen=True)
class Way:
    """How a graph is written and run, and how near its vectors must be to those of float32."""

    numbers: str
    write: Callable[["SentenceTransformer", Path], None]
    run: Callable[[ModelFiles, Path, EmbeddingSpace], SentenceModel]
    close_enough: float


def export(files: ModelFiles, folder: Path, kind: Kind = "onnx") -> Path:
    """Return the graph of the model; made and compared with torch where there is none."""
    space, way = files.space(), _WAYS[kind]
    cache = ExportCache(folder, space.weights_sha256, kind)
    if found := cache.find():
        return found
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=UNDER_WAY, dir=folder) as under_way:
        graph = Path(under_way) / "graph"
        try:
            way.write(load(files, way.numbers, 1, attn_implementation="eager"), graph)
            _compare(files, way.run(files, graph, space), way.close_enough)
        except Exception as error:
            cache.give_up(f"{type(error).__name__}: {error}")
            raise
        return cache.keep(graph)


def export_quietly(files: ModelFiles, folder: Path) -> None:
    """Export for quick starts later; where that cannot be, say so and go on with torch."""
    weights = files.weights_sha256()
    for kind in kinds_here():
        if ExportCache(folder, weights, kind).given_up:
            continue
        try:
            export(files, folder, kind)
        except Exception as error:  # noqa: BLE001 - the exporters of all models fail in their own ways
            _log.warning("the model is not exported for quick starts: %s", error)


def kinds_here() -> tuple[Kind, ...]:
    """Kinds of graphs that this machine runs well."""
    return ("onnx", "traced") if computes_in_bfloat16() else ("onnx",)


def _whole(model: "SentenceTransformer") -> Any:
    """All modules of the model, from tokens to the vector of a text and of each token."""
    import torch  # noqa: PLC0415 - seconds

    class Sentences(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            given = {"input_ids": input_ids, "attention_mask": attention_mask}
            made = self.model(given)
            return made["sentence_embedding"], made["token_embeddings"]

    return Sentences().eval()


def _write_onnx(model: "SentenceTransformer", graph: Path) -> None:
    import torch  # noqa: PLC0415 - seconds

    sample = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings(), torch.no_grad():
        # It warns of what it cannot know to be constant; the comparison finds what matters.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _whole(model), (sample, sample), str(graph),
            input_names=list(INPUTS), output_names=list(OUTPUTS), opset_version=OPSET, dynamo=False,
            dynamic_axes={OUTPUTS[0]: {0: "texts"},
                          **{one: {0: "texts", 1: "tokens"} for one in (*INPUTS, OUTPUTS[1])}},
        )  # fmt: skip


def _write_traced(model: "SentenceTransformer", graph: Path) -> None:
    import torch  # noqa: PLC0415 - seconds

    untyped: Any = torch.jit
    sample = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        traced = untyped.trace(_whole(model), (sample, sample), check_trace=False)
        untyped.save(untyped.freeze(traced), str(graph))


def _compare(files: ModelFiles, exported: SentenceModel, close_enough: float) -> None:
    reference = load(files, "float32", 1, attn_implementation="eager")
    wanted = unit_rows(reference.encode(list(PROBES), batch_size=BATCH, show_progress_bar=False))
    nearness = (exported.embed(PROBES) * wanted).sum(axis=1)
    if not nearness.min() >= close_enough:
        raise BadSetting(
            f"the exported model gives other vectors (cosine {nearness.min():.6f})",
            where="EMBEDDING_BACKEND",
            cure="set EMBEDDING_BACKEND=torch for this model",
        )


_WAYS: Final[Mapping[Kind, Way]] = {
    "onnx": Way(
        "float32", _write_onnx,
        lambda files, graph, space: OnnxModel(files, graph, space.max_tokens), 0.99999,
    ),
    "traced": Way(
        "bfloat16", _write_traced,
        lambda files, graph, space: TracedModel(files, graph, space.max_tokens), 0.9998,
    ),
}  # fmt: skip


def main() -> None:
    """Export before anything runs, as for the image of a container."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="EMBEDDING_CACHE")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="EMBEDDING_MODEL")
    given = parser.parse_args()
    for kind in kinds_here():
        made = export(find_model(given.model), given.cache.expanduser(), kind)
        _log.info("%s, %d MB", made, made.stat().st_size // 10**6)


if __name__ == "__main__":
    main()
