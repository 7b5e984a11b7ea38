"""JSON lines that people wrote: each an object, with the fields that are needed."""

import json
from collections.abc import Set
from pathlib import Path
from typing import Any

from kb_contract.errors import BadInput


def labelled_rows(file: Path, needed: Set[str]) -> list[dict[str, Any]]:
    """Read JSON lines, each with the fields that are needed."""
    rows = [_row(line, f"{file}:{number}", needed) for number, line in lines_of(file)]
    if not rows:
        raise BadInput("there is no line in it", where=str(file), cure="give an object a line")
    return rows


def lines_of(file: Path) -> list[tuple[int, str]]:
    """Return the lines that are not blank, numbered from 1."""
    try:
        lines = file.read_text("utf-8-sig").split("\n")
    except (OSError, ValueError) as error:
        raise BadInput(str(error), where=str(file), cure="give a file of lines in UTF-8") from error
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _row(line: str, where: str, needed: Set[str]) -> dict[str, Any]:
    cure = f"each line is an object with {', '.join(sorted(needed))}"
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadInput(str(error), where=where, cure=cure) from error
    if not isinstance(row, dict) or not needed <= row.keys():
        raise BadInput("fields are missing", where=where, cure=cure)
    return row  # pyright: ignore[reportUnknownVariableType] - JSON
