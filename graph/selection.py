"""Which documents are looked at: what a caller says, and what a question names outright."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Word = Annotated[str, Field(min_length=1, max_length=200)]
_MOST: Final = 20
_QUOTED: Final = r"[\"'\u201c\u2018][^\"'\u201c\u2018\u201d\u2019]{1,60}[\"'\u201d\u2019]"
_TAG: Final = rf"(?:{_QUOTED}|#?\w[\w-]*)"
_TAGGED: Final = re.compile(
    rf"\b(?:tagged(?:\s+(?:as|with))?|with\s+the\s+tags?)\s+({_TAG}(?:\s*(?:,|\bor\b)\s*{_TAG})*)",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(
    r"\b(?:in|of|for|per|under|by|to)\s+(?:the\s+)?(?:version|revision|release|edition)\s+"
    r"v?(\d[\w.-]*\w|\d)",
    re.IGNORECASE,
)
_DAY: Final = r"(\d{4}-\d{2}-\d{2})"
_SINCE: Final = re.compile(
    rf"\b(?:effective|in\s+(?:force|effect))\s+(?:since|from|after)\s+{_DAY}", re.IGNORECASE
)
_UNTIL: Final = re.compile(
    rf"\b(?:effective|in\s+(?:force|effect))\s+(?:until|before|by)\s+{_DAY}", re.IGNORECASE
)


def _moment(said: object) -> object:
    """Take a day for its beginning, and a time without a zone for UTC."""
    if not isinstance(said, str):
        return said
    try:
        read = datetime.fromisoformat(said.strip())
    except ValueError as error:
        raise ValueError("write a day as 2026-01-31, or a moment with its zone") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]


class Selection(BaseModel):
    """Narrows what may be found; it never widens what the caller may read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: tuple[Word, ...] = Field(default=(), max_length=_MOST, description="one of these tags")
    versions: tuple[Word, ...] = Field(
        default=(), max_length=_MOST, description="one of these versions"
    )
    status: tuple[Word, ...] = Field(
        default=(), max_length=_MOST, description="one of these; only `published` is ever served"
    )
    audience: tuple[Word, ...] = Field(
        default=(), max_length=_MOST, description="written for one of these groups"
    )
    since: Moment | None = Field(default=None, description="in effect from then on, or later")
    until: Moment | None = Field(default=None, description="in effect from then on, or earlier")

    @model_validator(mode="after")
    def _in_order(self) -> "Selection":
        if self.since and self.until and self.since > self.until:
            raise ValueError("since is later than until")
        return self


EVERYTHING: Final = Selection()


def selection_named(question: str) -> Selection:
    """Read which tags, versions and dates a question names outright; else it leaves all in."""
    since, until = _SINCE.search(question), _UNTIL.search(question)
    return _valid(
        tags=_tags(question),
        versions=tuple(dict.fromkeys(_VERSION.findall(question))),
        since=since[1] if since else None,
        until=until[1] if until else None,
    )


def _tags(question: str) -> Sequence[str]:
    named = [re.findall(_TAG, said) for said in _TAGGED.findall(question)]
    words = [one.strip("\"'\u201c\u201d\u2018\u2019#") for each in named for one in each]
    return tuple(dict.fromkeys(one for one in words if one.lower() != "or"))[:_MOST]


def _valid(**said: object) -> Selection:
    """A question may name the 31st of February: that selects nothing, and is no error."""
    try:
        return Selection.model_validate(said)
    except ValueError:
        return EVERYTHING
