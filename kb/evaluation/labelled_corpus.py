"""A folder of labelled data: corpus.jsonl (or PDFs), queries.<half>.jsonl, qrels.<half>.tsv."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kb.evaluation.json_lines import labelled_rows, lines_of
from kb_contract.errors import BadInput

CORPUS: Final = "corpus.jsonl"
_COLUMNS: Final = (3, 4)


@dataclass(frozen=True)
class CorpusDocument:
    """One document; `said` are the other fields of its line."""

    id: str
    title: str
    text: str
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Query:
    """A question, and what it should find; nothing: it cannot be answered, on purpose."""

    id: str
    text: str
    wanted: Mapping[str, float]


@dataclass(frozen=True)
class LabelledCorpus:
    """Documents and questions; a PDF's pages are documents called `<name>#<page>`, from 0."""

    documents: tuple[CorpusDocument, ...]
    pdfs: tuple[Path, ...]
    queries: tuple[Query, ...]

    @classmethod
    def read(cls, folder: Path, half: str) -> "LabelledCorpus":
        """Read a folder; what is not as it should be is said with its line."""
        pdfs = tuple(sorted(one for one in (folder / "pdfs").glob("*") if _is_pdf(one)))
        names = {one.stem for one in pdfs}
        documents = [one for one in _documents(folder / CORPUS, needed=not pdfs)
                     if one.id.rpartition("#")[0] not in names]  # fmt: skip
        return cls(tuple(documents), pdfs, tuple(_queries(folder, half)))


def _is_pdf(path: Path) -> bool:
    return path.suffix.lower() == ".pdf" and path.is_file()


def _documents(file: Path, *, needed: bool) -> Iterable[CorpusDocument]:
    if not needed and not file.exists():
        return
    for row in labelled_rows(file, set()):
        said = {str(name): value for name, value in row.items()}
        identity = _identity(said, file)
        title, text = (str(said.pop(name, None) or "") for name in ("title", "text"))
        yield CorpusDocument(identity, title, text, said)


def _identity(said: dict[str, Any], file: Path) -> str:
    """Take the id out of a line; some sets write `_id`."""
    found = said.pop("_id", None)
    found = said.pop("id", found)
    if found is None or not str(found).strip():
        raise BadInput(f"a line has no id: {str(said)[:80]}", where=str(file), cure="give it one")
    return str(found).strip()


def _queries(folder: Path, half: str) -> Iterable[Query]:
    file = folder / f"queries.{half}.jsonl"
    if not file.exists():
        there = sorted(one.name.split(".")[1] for one in folder.glob("queries.*.jsonl"))
        raise BadInput(
            "there is no such file", where=str(file),
            cure=f"use --half with one of: {', '.join(there)}" if there else "see docs/evaluation.md",
        )  # fmt: skip
    wanted = _wanted(folder / f"qrels.{half}.tsv")
    seen: set[str] = set()
    for row in labelled_rows(file, {"text"}):
        said = {str(name): value for name, value in row.items()}
        identity = _identity(said, file)
        if identity in seen:
            raise BadInput(
                f"the id {identity!r} is there twice", where=str(file), cure="give each its own"
            )
        seen.add(identity)
        yield Query(identity, str(row["text"] or ""), wanted.get(identity, {}))


def _wanted(file: Path) -> dict[str, dict[str, float]]:
    """Read query, document, score by tabs (or TREC's four columns); only scores above 0 count."""
    wanted: dict[str, dict[str, float]] = {}
    for number, line in lines_of(file):
        cells = [one.strip() for one in line.rstrip("\r").split("\t")]
        cells = cells if len(cells) > 1 else line.split()
        where = f"{file}:{number}"
        if len(cells) not in _COLUMNS:
            raise BadInput(
                f"{len(cells)} columns",
                where=where,
                cure="write query-id, corpus-id, score by tabs",
            )
        try:
            score = float(cells[-1])
        except ValueError as error:
            if number == 1:
                continue  # the header
            raise BadInput(
                f"{cells[-1]!r} is no score", where=where, cure="write a number"
            ) from error
        if score > 0:
            wanted.setdefault(cells[0], {})[cells[-2]] = score
    return wanted
