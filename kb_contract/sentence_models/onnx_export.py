"""Write a sentence model as an ONNX graph, once per machine: `python -m …onnx_export`."""

import argparse
import logging
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.errors import BadSetting
from kb_contract.sentence_models.model_files import ModelFiles, find_model
from kb_contract.sentence_models.onnx_cache import DEFAULT_CACHE, UNDER_WAY, OnnxCache
from kb_contract.sentence_models.onnx_model import INPUTS, OUTPUT, OnnxModel
from kb_contract.sentence_models.torch_model import BATCH, load
from kb_contract.sentence_models.vectors import unit_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

OPSET: Final = 17
CLOSE_ENOUGH: Final = 0.99999
_SENTENCE: Final = "Keys are replaced every ninety days, and 'rotated' means just that. "
# Of all lengths, alone and padded, and longer than what models take.
PROBES: Final = ("a", "Schlüssel, 鍵", *(_SENTENCE * times for times in (1, 3, 10, 40)))
_log = logging.getLogger("kb_contract.onnx_export")


def export(files: ModelFiles, folder: Path) -> Path:
    """Return the graph of the model; made and compared with torch where there is none."""
    space = files.space()
    cache = OnnxCache(folder, space.weights_sha256)
    if found := cache.find():
        return found
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=UNDER_WAY, dir=folder) as under_way:
        graph = Path(under_way) / "model.onnx"
        model = load(files, "float32", 1, attn_implementation="eager")
        try:
            _write(model, graph)
            _compare(model, OnnxModel(files, graph, space.max_tokens))
        except Exception as error:
            cache.give_up(f"{type(error).__name__}: {error}")
            raise
        return cache.keep(graph)


def export_quietly(files: ModelFiles, folder: Path) -> Path | None:
    """Export for quick starts later; where that cannot be, say so and go on with torch."""
    try:
        return export(files, folder)
    except Exception as error:  # noqa: BLE001 - the exporters of all models fail in their own ways
        _log.warning("the model is not exported for quick starts: %s", error)
        return None


def _write(model: "SentenceTransformer", graph: Path) -> None:
    import torch  # noqa: PLC0415 - seconds

    class Sentences(torch.nn.Module):
        """All modules of the model, from tokens to the vector of a text."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            given = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.model(given)["sentence_embedding"]

    sample = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings(), torch.no_grad():
        # It warns of what it cannot know to be constant; the comparison finds what matters.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Sentences().eval(), (sample, sample), str(graph),
            input_names=list(INPUTS), output_names=[OUTPUT], opset_version=OPSET, dynamo=False,
            dynamic_axes={OUTPUT: {0: "texts"}, **{one: {0: "texts", 1: "tokens"} for one in INPUTS}},
        )  # fmt: skip


def _compare(model: "SentenceTransformer", exported: OnnxModel) -> None:
    wanted = unit_rows(model.encode(list(PROBES), batch_size=BATCH, show_progress_bar=False))
    nearness = (exported.embed(PROBES) * wanted).sum(axis=1)
    if not nearness.min() >= CLOSE_ENOUGH:
        raise BadSetting(
            f"the exported model gives other vectors (cosine {nearness.min():.6f})",
            where="EMBEDDING_BACKEND",
            cure="set EMBEDDING_BACKEND=torch for this model",
        )


def main() -> None:
    """Export before anything runs, as for the image of a container."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="EMBEDDING_CACHE")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="EMBEDDING_MODEL")
    given = parser.parse_args()
    made = export(find_model(given.model), given.cache.expanduser())
    _log.info("%s, %d MB", made, made.stat().st_size // 10**6)


if __name__ == "__main__":
    main()
