"""What is read out of one passage: typed and bounded, whoever wrote it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from kb_contract.entity_names import LONGEST_NAME, folded
from kb_contract.text_border import clean
from kb_contract.written_json import read_json

LONGEST_SITUATION: Final = 240
_NAMED: Final = 3
EntityKind = Literal["name", "code", "acronym", "term"]


def _text(most: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most)


class _Closed(BaseModel):
    """Another field, or another type, is not what was asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ExtractedEntity(_Closed):
    """Something that the passage names."""

    name: Annotated[str, _text(120)]
    kind: EntityKind = "name"
    same_as: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""
    """What the passage says that it stands for."""


class ChunkExtractionV1(_Closed):
    """One passage's; contract of the prompts `chunk_extract_v1` and on."""

    entities: Annotated[list[ExtractedEntity], Field(max_length=40)] = Field(default_factory=list)
    facts: Annotated[list[Annotated[str, _text(400)]], Field(max_length=20)] = Field(
        default_factory=list
    )
    questions: Annotated[list[Annotated[str, _text(300)]], Field(max_length=10)] = Field(
        default_factory=list
    )
    """Which the passage answers."""
    summary: Annotated[str, _text(600)]
    keywords: Annotated[list[Annotated[str, _text(60)]], Field(max_length=20)] = Field(
        default_factory=list
    )
    situation: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=LONGEST_SITUATION)
    ] = ""
    """One sentence: what the passage is about within its document."""

    def grounded(self, text: str) -> "ChunkExtractionV1":
        """Keep of what it says is named only what the passage does name."""
        said = f" {folded(text)} "
        kept = [one for one in self.entities if _is_said(one.name, said)]
        entities = [
            one if not one.same_as or _is_said(one.same_as, said)
            else one.model_copy(update={"same_as": ""})
            for one in kept
        ]  # fmt: skip
        situation = " ".join(self.situation.split())
        return self.model_copy(update={"entities": entities, "situation": situation})


def read_extraction(text: str) -> tuple[ChunkExtractionV1 | None, str]:
    """Read what a model wrote; where it is no extraction, say why."""
    try:
        found = read_json(ChunkExtractionV1, text)
        # JSON can name letters that no database keeps.
        return ChunkExtractionV1.model_validate(clean(found.model_dump())), ""
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        said = "; ".join(_problem(dict(one)) for one in found[:_NAMED])
        return None, f"{said}; and {len(found) - _NAMED} more" if len(found) > _NAMED else said


def _problem(found: Mapping[str, Any]) -> str:
    # Names of fields that a model made up are its words: only ours are repeated.
    ours = [str(one) for one in found["loc"] if isinstance(one, int) or one in _FIELDS]
    return f"{'.'.join(ours) or 'the answer'}: {str(found['msg'])[:200]}"


_FIELDS: Final = frozenset({*ChunkExtractionV1.model_fields, *ExtractedEntity.model_fields})


def _is_said(name: str, said: str) -> bool:
    words = folded(name)
    return 0 < len(words.split()) <= LONGEST_NAME and f" {words} " in said
