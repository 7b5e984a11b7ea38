"""The folder where exported models are kept: each named by its weights and by its own bytes."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from kb_contract.sentence_models.model_files import file_sha256

Kind = Literal["onnx", "traced"]
"""A graph in float32 for ONNX Runtime, or one in bfloat16 for torch alone."""
KINDS: Final[Mapping[Kind, str]] = {"onnx": ".onnx", "traced": ".bfloat16.pt"}
# Changes when exporting makes another graph of the same weights.
EXPORT: Final = "v2"
DEFAULT_CACHE: Final = Path("~/.cache/scriptorium/models")
UNDER_WAY: Final = "exporting-"
_LEFT_BEHIND_SECONDS: Final = 3600


@dataclass(frozen=True)
class ExportCache:
    """What was exported of one model's weights; several processes may look and write at once."""

    folder: Path
    weights_sha256: str
    kind: Kind = "onnx"

    def find(self) -> Path | None:
        """Find an export of these weights whose bytes are those that its name tells."""
        return next((one for one in self._exports() if one.name == self._name(one)), None)

    def keep(self, graph: Path) -> Path:
        """Move a graph in, in one action: another process sees all of it or none of it."""
        kept = graph.replace(self.folder / self._name(graph))
        for one in self._exports():
            if one.name != self._name(one):
                one.unlink(missing_ok=True)
        for one in self.folder.glob(f"{UNDER_WAY}*"):
            if time.time() - one.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                shutil.rmtree(one, ignore_errors=True)
        return kept

    def give_up(self, why: str) -> None:
        """Remember that this model cannot be exported, so that it is not tried in every run."""
        self._refusal.write_text(f"{why}\n", "utf-8")

    @property
    def given_up(self) -> bool:
        return self._refusal.is_file()

    @property
    def _refusal(self) -> Path:
        return self.folder / f"{self._prefix}.not-exported{KINDS[self.kind]}.txt"

    @property
    def _prefix(self) -> str:
        return f"{self.weights_sha256[:32]}.{EXPORT}"

    def _exports(self) -> list[Path]:
        return sorted(self.folder.glob(f"{self._prefix}.*{KINDS[self.kind]}"))

    def _name(self, graph: Path) -> str:
        return f"{self._prefix}.{file_sha256(graph)[:32]}{KINDS[self.kind]}"
