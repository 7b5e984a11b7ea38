"""When a document holds and whom it is for, as its front matter says it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final, cast

from kb_contract.audience import audience
from kb_contract.errors import BadDocument, BadIdentifier
from kb_contract.payload import EVERYONE

RIGHTS: Final = ("effective", "expires", "audience")
_NEAR: Final = 0.85
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]+\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?: ?(?:[Zz]|[+-]\d\d:?\d\d))?)?"
)


def moment(key: str, said: Any) -> str | None:
    """Return a moment as RFC 3339 in UTC; a date is its first moment."""
    if said is None or (isinstance(said, str) and not said.strip()):
        return None
    text = said.strip() if isinstance(said, str) else ""
    if not _MOMENT.fullmatch(text):
        raise _no_moment(key, said)
    plain = re.sub(r"[Tt ]+", "T", text, count=1).replace(" ", "").upper()
    try:
        found = datetime.fromisoformat(plain)
        known = found if found.tzinfo else found.replace(tzinfo=UTC)
        return known.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise _no_moment(key, said) from error


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
    if not words or len(words) < len(listed):
        raise BadDocument(
            f"audience is {str(front_matter['audience'])[:60]!r}, wanted a list of groups' names",
            where="front matter",
            cure=f"write `audience: [hr, legal]`, or leave it out where it is for {EVERYONE}",
        )
    try:
        return audience(words)
    except BadIdentifier as error:
        raise BadDocument(
            f"audience: {error.what}", where="front matter", cure=error.cure
        ) from error


def refuse_other_spellings(rest: Mapping[str, Any]) -> None:
    """Refuse `Audience:`, `audiences:` and the like: as an extra key they would protect nothing."""
    for key in rest:
        meant = get_close_matches(key.strip().lower()[:40], RIGHTS, n=1, cutoff=_NEAR)
        if meant:
            raise BadDocument(
                f"the key {key[:40]!r} is not written as it must be",
                where="front matter",
                cure=f"write {meant[0]!r}, or choose a name that is less like it",
            )


def _no_moment(key: str, said: Any) -> BadDocument:
    return BadDocument(
        f"{key} is {str(said)[:60]!r}, which is no date",
        where="front matter",
        cure="write 2026-12-31, or 2026-12-31T18:00:00+01:00; without a zone it is UTC",
    )
