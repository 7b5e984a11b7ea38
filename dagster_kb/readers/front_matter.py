"""Front matter: what a document says about itself, checked against the contract."""

from dataclasses import dataclass, field
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from dagster_kb.readers.contract_keys import collected
from dagster_kb.readers.front_matter_block import BOM, FrontMatterBlock, find_block
from dagster_kb.readers.front_matter_rights import (
    DRAFT,
    check_order,
    is_held_back,
    moment,
    publish_date,
    readers_of,
)
from kb_contract.errors import BadDocument
from kb_contract.payload import EVERYONE

_MAX_WORDS: Final = 500
_MAX_TAGS: Final = 100


class FrontMatter(BaseModel):
    """What a document says about itself; keys of its own are kept in `extra`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = None
    version: str | None = None
    status: str = "published"
    agent_id: str | None = None
    tags: tuple[str, ...] = ()
    purpose: str | None = None
    effective: str | None = None
    """RFC 3339 in UTC; not served before."""
    expires: str | None = None
    """RFC 3339 in UTC; not served from then on."""
    audience: tuple[str, ...] = (EVERYONE,)
    extra: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class SplitDocument:
    """Front matter, and where the body begins in the text."""

    front_matter: FrontMatter
    body_start: int
    said: dict[str, Any] = field(default_factory=dict[str, Any])
    """As it is written, for a format that says more elsewhere."""
    notes: tuple[str, ...] = ()


def split_front_matter(text: str, *, may_be_rule: bool = False) -> SplitDocument:
    """Read the front matter; in a format that has none of its own a first `---` may be a rule."""
    found = find_block(text, may_be_rule=may_be_rule)
    if found is None:
        return SplitDocument(FrontMatter(), len(BOM) if text.startswith(BOM) else 0)
    said = found.said()
    front = parse_front_matter(said)
    is_marked = isinstance(found, FrontMatterBlock)
    notes = found.notes() if not is_marked and text[found.end :].strip() else ()
    return SplitDocument(front, found.end, cast("dict[str, Any]", said or {}), notes)


def parse_front_matter(said: Any) -> FrontMatter:
    """Check what a document says against the contract."""
    if said is None:
        return FrontMatter()
    if not isinstance(said, dict):
        raise _wrong("front matter", said, "lines of 'key: value'")
    rest = collected(cast("dict[str, Any]", said).items())
    groups = readers_of(rest)
    rest.pop("audience", None)
    effective, expires = (moment(key, rest.pop(key, None)) for key in ("effective", "expires"))
    effective = effective or publish_date(rest)
    check_order(effective, expires)
    status = _words(rest, "status")
    return FrontMatter(
        title=_words(rest, "title"),
        version=_words(rest, "version"),
        status=DRAFT if is_held_back(rest) else (status or "published").lower(),
        agent_id=_words(rest, "agent_id"),
        tags=_tags(rest.pop("tags", None)),
        purpose=_words(rest, "purpose"),
        effective=effective,
        expires=expires,
        audience=groups,
        extra=rest,
    )


def _words(rest: dict[str, Any], key: str) -> str | None:
    value = rest.pop(key, None)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(key, value, "text")
    words = " ".join(value.split())
    if len(words) > _MAX_WORDS:
        raise BadDocument(
            f"{key} has {len(words):,} characters, more than {_MAX_WORDS}",
            where="front matter",
            cure="shorten it",
        )
    return words or None


def _tags(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    listed: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list):
        raise _wrong("tags", value, "a list of texts, or one text with commas")
    tags: list[str] = []
    for number, one in enumerate(cast("list[Any]", listed)):
        if one is not None and not isinstance(one, str):
            raise _wrong(f"tags[{number}]", one, "text")
        word = _words({"tags": one}, "tags")
        if word and word not in tags:
            tags.append(word)
    if len(tags) > _MAX_TAGS:
        raise BadDocument(
            f"{len(tags)} tags, more than {_MAX_TAGS}", where="front matter", cure="use fewer"
        )
    return tuple(tags)


def _wrong(key: str, value: Any, wanted: str) -> BadDocument:
    kinds = {"dict": "a mapping", "list": "a list", "str": "text", "NoneType": "nothing"}
    got = kinds[type(value).__name__]
    shown = repr(value)[:60]
    return BadDocument(
        f"{key} is {got} ({shown}), wanted {wanted}",
        where="front matter",
        cure=f"write {key} as {wanted}; quote a value that begins with '[' or '{{'",
    )
