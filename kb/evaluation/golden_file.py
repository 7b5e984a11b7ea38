"""golden.yaml as a person keeps it: questions are added, and nothing else of the file changes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_kb.readers.agent_files import GOLDEN, read_agent_folder
from kb_contract.agent_manifest import GoldenQuestion
from kb_contract.errors import BadInput


@dataclass(frozen=True)
class GoldenFile:
    """The file of one agent, in the working tree."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / GOLDEN

    def questions(self) -> list[GoldenQuestion]:
        return self._parsed(self._text())

    def add(self, more: Sequence[GoldenQuestion]) -> None:
        """Write them below what is there; what would not be read as meant is not written."""
        before = self._text()
        wanted = [*self._parsed(before), *more]
        text = _with(before, more)
        if self._parsed(text) != wanted:
            raise BadInput(
                "the file is written in a way that nothing can be added to", where=str(self.path),
                cure="write `questions:` as a list with a '-' a line, at the end of the file",
            )  # fmt: skip
        self.path.write_text(text, "utf-8")

    def _text(self) -> str:
        if not self.folder.is_dir():
            raise BadInput(
                "there is no such folder", where=str(self.folder),
                cure="is KNOWLEDGE_DIR the folder of agents? of a repository elsewhere, add them there",
            )  # fmt: skip
        return self.path.read_text("utf-8") if self.path.exists() else ""

    def _parsed(self, text: str) -> list[GoldenQuestion]:
        files = {GOLDEN: text.encode()}
        return list(
            read_agent_folder(self.folder.name, files, where=f"{self.folder}/").golden.questions
        )


def _with(text: str, more: Sequence[GoldenQuestion]) -> str:
    lines = text.rstrip().splitlines() or ["questions:"]
    items = [line for line in lines if line.lstrip().startswith("- ")]
    indent = " " * (len(items[-1]) - len(items[-1].lstrip()) if items else 2)
    for one in more:
        said = {"question": one.question, "path": one.path, "quote": one.quote}
        # A JSON text is a YAML text, whatever people write in it.
        fields = [
            f"{name}: {json.dumps(value, ensure_ascii=False)}"
            for name, value in said.items()
            if value
        ]
        lines.append(f"{indent}- {fields[0]}")
        lines += [f"{indent}  {field}" for field in fields[1:]]
    return "\n".join(lines) + "\n"
