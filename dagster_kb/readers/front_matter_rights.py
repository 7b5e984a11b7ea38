"""Whether a document is served, when it holds and whom it is for, as it says itself."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from dagster_kb.readers.contract_keys import (
    ANYBODY,
    DATED,
    DRAWERS,
    NO,
    NOT_YET,
    YES,
    plain_key,
    state_word,
)
from kb_contract.audience import audience
from kb_contract.errors import BadDocument, BadIdentifier
from kb_contract.payload import EVERYONE

DRAFT: Final = "draft"
# Pages say it of everybody, and a company may call a group so.
_UNCLEAR: Final = frozenset({"general"})
_NEVER: Final = ("expires", "never")
_PUBLISH: Final = frozenset({"publish_date", "publishdate"})
# As authors write it for generators, who read more than the contract does.
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_WITH_MONTH: Final = tuple(
    form.replace("%B", month)
    for form in ("%B %d, %Y", "%B %d %Y", "%d %B %Y")
    for month in ("%B", "%b")
)
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]+\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?: ?(?:[Zz]|[+-]\d\d:?\d\d))?)?"
)


def is_held_back(said: Mapping[str, Any]) -> bool:
    """Tell whether `draft` or `published` say so, as other tools write it."""
    draft, published = state_word(said.get("draft")), state_word(said.get("published"))
    # Templates leave it empty.
    if draft not in YES | NO and (draft or not isinstance(said.get("draft"), str | None)):
        raise _no_word("draft", said["draft"])
    # Other tools keep here when it was published, or by whom.
    if published in NOT_YET:
        raise _no_word("published", said["published"])
    return draft in YES or published in NO


def moment(key: str, said: Any) -> str | None:
    """Return a moment as RFC 3339 in UTC; a date is its first moment."""
    text = said.strip() if isinstance(said, str) else ""
    if said is None or (isinstance(said, str) and not text) or (key, text.lower()) == _NEVER:
        return None
    if not _MOMENT.fullmatch(text):
        raise _no_moment(key, said)
    plain = re.sub(r"[Tt ]+", "T", text, count=1).replace(" ", "").upper()
    try:
        found = datetime.fromisoformat(plain)
        known = found if found.tzinfo else found.replace(tzinfo=UTC)
        return known.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise _no_moment(key, said) from error


def publish_date(said: Mapping[str, Any]) -> str | None:
    """Return the day that generators wait for before they show a page; a word there is none."""
    found = next((value for key, value in _with_drawers(said) if plain_key(key) in _PUBLISH), None)
    if not isinstance(found, str) or not DATED.search(found):
        return None
    return moment("publishDate", _as_moment(found.strip()))


def _as_moment(written: str) -> str:
    """Write a day as the contract has it, where it can be only one."""
    with_month = (_parsed(" ".join(written.split()), form) for form in _WITH_MONTH)
    found = next((one for one in with_month if one), None)
    if found:
        return found.date().isoformat()
    return _YEAR_FIRST.sub(lambda one: f"{one[1]}-{one[2]:0>2}-{one[3]:0>2}", written, count=1)


def _parsed(written: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(written, form).replace(tzinfo=UTC)
    except ValueError:
        return None


def _with_drawers(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from said.items()
    for key, value in said.items():
        if plain_key(key) in DRAWERS and isinstance(value, dict):
            yield from cast("dict[str, Any]", value).items()


def check_order(effective: str | None, expires: str | None) -> None:
    """Refuse a document that would never hold."""
    if (
        effective
        and expires
        and datetime.fromisoformat(expires) <= datetime.fromisoformat(effective)
    ):
        raise BadDocument(
            f"it expires ({expires}) before it is effective ({effective}), or at that moment",
            where="front matter",
            cure="set expires later than effective; a date is its first moment in UTC",
        )


def readers_of(front_matter: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom a document is for; only one that does not speak of it is for everyone."""
    if "audience" not in front_matter:
        return (EVERYONE,)
    said: Any = front_matter["audience"]
    listed = cast("list[Any]", said if isinstance(said, list) else [said])
    words = [one for one in listed if isinstance(one, str) and one.strip()]
    if not words or len(words) < len(listed) or any(state_word(one) in _UNCLEAR for one in words):
        raise BadDocument(
            f"audience is {str(front_matter['audience'])[:60]!r}, wanted a list of groups' names",
            where="front matter",
            cure=f"write `audience: [hr, legal]`, or leave it out where it is for {EVERYONE}",
        )
    try:
        return audience(EVERYONE if state_word(one) in ANYBODY else one for one in words)
    except BadIdentifier as error:
        raise BadDocument(
            f"audience: {error.what}", where="front matter", cure=error.cure
        ) from error


def _no_word(key: str, said: Any) -> BadDocument:
    return BadDocument(
        f"{key} is {str(said)[:60]!r}, which is neither yes nor no",
        where="front matter",
        cure=f"write `{key}: true` or `{key}: false`",
    )


def _no_moment(key: str, said: Any) -> BadDocument:
    return BadDocument(
        f"{key} is {str(said)[:60]!r}, which is no date",
        where="front matter",
        cure="write 2026-12-31, or 2026-12-31T18:00:00+01:00; without a zone it is UTC",
    )
