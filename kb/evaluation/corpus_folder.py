"""A labelled corpus as a git repository with one agent, so that the writer reads it like any other."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dagster_kb.assembly import PUBLISHED
from dagster_kb.readers.front_matter import parse_front_matter
from graph.state import Passage
from kb.evaluation.labelled_corpus import CorpusDocument, LabelledCorpus
from kb_contract.errors import BadDocument

AGENT: Final = "corpus"
# The data is measured, not published: no finding in its text may hold it back.
GATE: Final = {
    **dict.fromkeys(("secrets", "personal_data", "injection", "duplicates", "canary"), "off"),
    "max_shrink": 1.0,
}
_LONGEST_TITLE: Final = 500
_LONGEST_VALUE: Final = 200
_WHO: Final = ("-c", "user.name=evaluation", "-c", "user.email=evaluation@localhost")


@dataclass(frozen=True)
class CorpusFolder:
    """The repository, and which document each of its files is."""

    root: Path
    ids: Mapping[str, str]
    """Document by path from the root; several files may be one document."""

    def document_of(self, passage: Passage) -> str:
        """Name the document that a passage is of; of a PDF, its page."""
        return self.document_at(passage["path"], passage["page"])

    def document_at(self, path: str, page: int | None) -> str:
        """Name the document of a file, or of its page, which the reader counts from 1."""
        identity = self.ids[path]
        return f"{identity}#{(page or 1) - 1}" if path.lower().endswith(".pdf") else identity


def write_corpus(root: Path, corpus: LabelledCorpus, said: Mapping[str, Any]) -> CorpusFolder:
    """Write every document as a file and commit; `said` is what agent.yaml says beside the gates."""
    # It lies where everybody may look, and the data may not be for everybody.
    root.mkdir(mode=0o700, exist_ok=True)
    folder = root / "knowledge" / AGENT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    manifest = {"purpose": "A labelled corpus.", **said, "gate": GATE}
    (folder / "agent.yaml").write_text(json.dumps(manifest), "utf-8")
    ids: dict[str, str] = {}
    for number, one in enumerate(corpus.documents):
        name = f"{number:06d}.md"
        # Not every JSON text is UTF-8: half a surrogate pair is written as the sign for that.
        (folder / name).write_bytes(_page(one).encode("utf-8", "replace"))
        ids[f"knowledge/{AGENT}/{name}"] = one.id
    for number, pdf in enumerate(corpus.pdfs):
        name = f"pdf-{number}.pdf" if pdf.name.startswith(".") else pdf.name
        shutil.copyfile(pdf, folder / name)
        ids[f"knowledge/{AGENT}/{name}"] = pdf.stem
    _commit(root)
    return CorpusFolder(root, ids)


def _page(document: CorpusDocument) -> str:
    title = _line(document.title)[:_LONGEST_TITLE]
    about = {"title": title} if title else {}
    about |= {name: _line(value) for name, value in document.said.items() if _is_own(name, value)}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in about.items()]
    text = document.text.replace("\0", " ")
    return "\n".join(["---", *lines, "---", "", text if text.strip() else title, ""])


def _is_own(name: str, value: Any) -> bool:
    """Tell whether a field is one that the reader only carries: a status or a date would hide it."""
    if not (name.isidentifier() and name.isascii() and isinstance(value, str)):
        return False
    if not 0 < len(_line(value)) <= _LONGEST_VALUE:
        return False
    try:
        read = parse_front_matter({name: value})
    except BadDocument:
        return False
    return read.extra == {name: value} and read.status == PUBLISHED


def _line(text: str) -> str:
    """Bring a text to one line of characters that YAML takes."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _commit(root: Path) -> None:
    """Commit what is there; a person's own settings of git have no say."""
    apart = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    # What points git elsewhere, as it does inside of a hook.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # noqa: TID251 - git's, not ours

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", *_WHO, *arguments], cwd=root, check=True, env={**kept, **apart},
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all", "knowledge")
    git("commit", "--quiet", "--allow-empty", "--message", "the corpus")
