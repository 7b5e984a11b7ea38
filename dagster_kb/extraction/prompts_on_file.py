"""Prompts of extraction: a file is a version, and its digest is part of what a result is kept under."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kb_contract.errors import BadManifest
from kb_contract.identifiers import sha256_text


@dataclass(frozen=True)
class Prompt:
    """One version of one prompt."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        return sha256_text(self.text)


@cache
def prompts() -> dict[str, Prompt]:
    """Every prompt that there is."""
    folder = files("dagster_kb") / "extraction" / "prompts"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".md")),
                   key=lambda one: one.name)  # fmt: skip
    named = [Prompt(one.name.removesuffix(".md"), one.read_text(encoding="utf-8")) for one in found]
    return {one.name: one for one in named}


def prompt_named(name: str) -> Prompt:
    """Return the prompt of that name; the name comes from agent.yaml."""
    found = prompts().get(name)
    if found is None:
        raise BadManifest(
            f"there is no prompt {name!r}",
            where="agent.yaml, extraction.prompt",
            cure=f"choose of: {', '.join(prompts())}",
        )
    return found
