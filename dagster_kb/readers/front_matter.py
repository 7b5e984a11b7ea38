"""Front matter: the YAML between `---` lines at the very top of a document."""

import re
from dataclasses import dataclass
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from dagster_kb.readers.front_matter_rights import (
    check_order,
    moment,
    readers_of,
    refuse_other_spellings,
)
from dagster_kb.readers.strict_yaml import YamlRules, load_strict
from kb_contract.errors import BadDocument
from kb_contract.payload import EVERYONE

BOM: Final = "\ufeff"
# Real reference pages have lists of keywords of 100 KB up here.
MAX_BYTES: Final = 256 * 1024
_MAX_WORDS: Final = 500
_MAX_TAGS: Final = 100
_YES: Final = frozenset({"true", "yes", "on"})
_NO: Final = frozenset({"false", "no", "off"})
_OPENING: Final = re.compile(r"---[ \t]*(?:\r\n?|\n|\Z)")
_CLOSING: Final = re.compile(r"(?:(?<=\n)|(?<=\r))(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)")
_RULES: Final = YamlRules(
    complaint=BadDocument, where="front matter", first_line=2, max_bytes=MAX_BYTES
)


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


def split_front_matter(text: str) -> SplitDocument:
    """Read the front matter, if the very first line (after a BOM) opens one."""
    first = len(BOM) if text.startswith(BOM) else 0
    opening = _OPENING.match(text, first)
    if not opening:
        return SplitDocument(FrontMatter(), first)
    # Characters are at most as many as bytes, so a closing line beyond is beyond the limit too.
    limit = opening.end() + MAX_BYTES + 8
    closing = _CLOSING.search(text, opening.end(), limit)
    if not closing or closing.end() == limit < len(text):
        raise BadDocument(
            "line 1: front matter is opened by '---' and not closed"
            + (f" within {MAX_BYTES:,} characters" if len(text) > MAX_BYTES else ""),
            cure="close it with a line '---', or begin with '***' if a horizontal rule is meant",
        )
    said = load_strict(text[opening.end() : closing.start()], _RULES)
    return SplitDocument(parse_front_matter(said), closing.end())


def parse_front_matter(said: Any) -> FrontMatter:
    """Check what the YAML said against the contract."""
    if said is None:
        return FrontMatter()
    if not isinstance(said, dict):
        raise _wrong("front matter", said, "lines of 'key: value'")
    rest = dict(cast("dict[str, Any]", said))
    groups = readers_of(rest)
    rest.pop("audience", None)
    effective, expires = (moment(key, rest.pop(key, None)) for key in ("effective", "expires"))
    check_order(effective, expires)
    refuse_other_spellings(rest)
    return FrontMatter(
        title=_words(rest, "title"),
        version=_words(rest, "version"),
        status=_status(rest),
        agent_id=_words(rest, "agent_id"),
        tags=_tags(rest.pop("tags", None)),
        purpose=_words(rest, "purpose"),
        effective=effective,
        expires=expires,
        audience=groups,
        extra=rest,
    )


def _status(rest: dict[str, Any]) -> str:
    """Read `status`; `draft: true` and `published: false` are how other tools write a draft."""
    said = _words(rest, "status")
    held_back = str(rest.get("draft")).lower() in _YES or str(rest.get("published")).lower() in _NO
    return "draft" if held_back else (said or "published").lower()


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
