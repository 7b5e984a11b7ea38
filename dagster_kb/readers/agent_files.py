"""agent.yaml, instructions.md and golden.yaml: what a folder says about its agent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from dagster_kb.readers.front_matter import BOM
from dagster_kb.readers.source_text import decode
from dagster_kb.readers.strict_yaml import YamlRules, load_strict
from kb_contract.agent_manifest import AgentManifest, GoldenSet, read_manifest, validated
from kb_contract.errors import BadDocument, BadManifest

MANIFEST: Final = "agent.yaml"
INSTRUCTIONS: Final = "instructions.md"
GOLDEN: Final = "golden.yaml"
SETTING_FILES: Final = (MANIFEST, INSTRUCTIONS, GOLDEN)
_LONGEST_INSTRUCTIONS: Final = 32_000
# Names that people write for these, and that nobody reads.
NEAR_MISSES: Final = {
    f"{stem}.{suffix}": f"{name}.yaml"
    for name in ("agent", "golden")
    for stem in (name, name.capitalize(), name.upper())
    for suffix in ("yaml", "yml", "YAML", "YML")
    if f"{stem}.{suffix}" not in SETTING_FILES
}


@dataclass(frozen=True)
class AgentFolder:
    """An agent as its folder describes it."""

    manifest: AgentManifest
    instructions: str
    golden: GoldenSet


def read_agent_folder(agent: str, files: Mapping[str, bytes], *, where: str) -> AgentFolder:
    """Read the files that are there; `where` is the folder's path, ending in '/'."""
    _refuse_near_misses(files, where)
    said = _mapping(files, MANIFEST, where, max_keys=200)
    golden = _mapping(files, GOLDEN, where, max_keys=10_000)
    return AgentFolder(
        manifest=read_manifest(agent, said, where=f"{where}{MANIFEST}"),
        instructions=_instructions(files, where),
        golden=validated(GoldenSet, golden, where=f"{where}{GOLDEN}"),
    )


def _refuse_near_misses(names: Iterable[str], where: str) -> None:
    """What is in a file of nearly the right name would count for nothing."""
    for name in sorted(names):
        if meant := NEAR_MISSES.get(name):
            raise BadManifest(
                f"only {meant} is read, and this is not quite its name", where=f"{where}{name}",
                cure=f"`git mv {where}{name} {where}{meant}`; a document gets another name",
            )  # fmt: skip


def _mapping(files: Mapping[str, bytes], name: str, where: str, max_keys: int) -> dict[str, Any]:
    place = f"{where}{name}"
    text = _text(files, name, place)
    said = load_strict(text, YamlRules(BadManifest, where=place, max_keys=max_keys))
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise BadManifest("this is not a mapping", where=place, cure="write lines of 'key: value'")
    found = cast("dict[str, Any]", said)
    # A key without a value says nothing; the default holds.
    return {key: value for key, value in found.items() if value is not None}


def _instructions(files: Mapping[str, bytes], where: str) -> str:
    place = f"{where}{INSTRUCTIONS}"
    text = _text(files, INSTRUCTIONS, place)
    if len(text) > _LONGEST_INSTRUCTIONS:
        raise BadManifest(
            f"{len(text):,} characters, more than {_LONGEST_INSTRUCTIONS:,}",
            where=place,
            cure="keep how the agent speaks, and move what it knows into documents",
        )
    return text


def _text(files: Mapping[str, bytes], name: str, place: str) -> str:
    try:
        return decode(files.get(name, b"")).removeprefix(BOM)
    except BadDocument as error:
        raise BadManifest(error.what, where=place, cure=error.cure) from error
