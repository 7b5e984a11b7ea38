"""What a text names by patterns, and by what was read out of it where that was done."""

from collections.abc import Mapping
from typing import Any

from dagster_kb.entities.extraction import Entity, entities
from dagster_kb.entities.same_names import same_names
from kb_contract.chunk_extraction import ChunkExtractionV1
from kb_contract.entity_names import folded


def named_in(text: str, read: Mapping[str, Any] | None) -> list[Entity]:
    """Return each name once; what patterns say of it comes first."""
    found = {one.name: one for one in entities(text)}
    for one in _read(read).entities if read else ():
        for said in (one.name, one.same_as):
            if name := folded(said):
                found.setdefault(name, Entity(name, said, one.kind))
    return list(found.values())


def same_in(text: str, read: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return names with what they stand for, folded."""
    pairs = same_names(text)
    if read:
        pairs += [(folded(one.name), folded(one.same_as)) for one in _read(read).entities]
    return [one for one in dict.fromkeys(pairs) if all(one) and one[0] != one[1]]


def _read(read: Mapping[str, Any]) -> ChunkExtractionV1:
    return ChunkExtractionV1.model_validate(dict(read))
