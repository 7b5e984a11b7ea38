"""Writes settings into an agent.yaml that a person wrote: every other line stays as it is."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from kb_contract.errors import BadManifest

MARK: Final = "# kb tune: "
# Evidence that begins so says what was written with it: `threshold 0.61: why`.
_WROTE: Final = re.compile(rf"\s*{MARK}(\w+) (\S+): ")


def with_retrieval(text: str, said: Mapping[str, Any], evidence: Sequence[str]) -> str:
    """Replace or add what `retrieval` says, with the evidence for it in comments above.

    What was written so before and is not said again goes; what an owner made of it stays.
    """
    lines = text.splitlines()
    start, end = _block(lines)
    kept = [one for one in lines[start:end] if _is_remark(one)]
    wrote = _wrote(lines[start:end])
    stood: dict[str, Any] = _said(text) or {}
    before = {
        name: value
        for name, value in stood.items()
        if name in said or wrote.get(name) != str(value)
    }
    written = _written({**before, **said})
    new = [*(f"  {MARK}{one}" for one in evidence), *kept, *written]
    made = "\n".join([*lines[:start], "retrieval:", *new, *lines[end:], ""])
    if _said(made) != {**before, **said}:
        raise BadManifest(
            "retrieval is written in a way that cannot be changed line by line",
            cure=f"write it yourself: retrieval: {yaml.safe_dump(dict(said), default_flow_style=True)}",
        )
    return made


def _said(text: str) -> Any:
    try:
        loaded: dict[str, Any] = yaml.safe_load(text) or {}
        return loaded.get("retrieval")
    except yaml.YAMLError:
        return None


def rewrite(file: Path, said: Mapping[str, Any], evidence: Sequence[str]) -> None:
    """Change the file in one action, so that nobody reads half of it."""
    text = file.read_text("utf-8") if file.exists() else ""
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(with_retrieval(text, said, evidence), "utf-8")
    fresh.replace(file)


def _block(lines: Sequence[str]) -> tuple[int, int]:
    """Where `retrieval` stands, from its line to the line after it; at the end where it does not."""
    start = next((at for at, one in enumerate(lines) if one.startswith("retrieval:")), len(lines))
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t}"):
        end += 1
    # Blank lines below it part it from what follows.
    while end > start + 1 and end <= len(lines) and not lines[end - 1].strip():
        end -= 1
    return start, min(end, len(lines))


def _is_remark(line: str) -> bool:
    said = line.strip()
    return said.startswith("#") and not said.startswith(MARK)


def _wrote(lines: Sequence[str]) -> dict[str, str]:
    found = (_WROTE.match(one) for one in lines)
    return {one[1]: one[2] for one in found if one}


def _written(said: Mapping[str, Any]) -> Iterable[str]:
    for name, value in said.items():
        shown = yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n")
        yield f"  {name}: {shown.strip()}"
