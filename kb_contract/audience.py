"""Groups of people that documents are for, and that callers belong to."""

import re
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AfterValidator

from kb_contract.errors import BadIdentifier
from kb_contract.payload import EVERYONE

MAX_GROUPS: Final = 50
_GROUP: Final = re.compile(r"[a-z0-9][a-z0-9._@:+/-]{0,63}")


def group_name(text: str) -> str:
    """Return a group's name in the one way that it is written, or say what is wrong with it."""
    name = text.strip().lower()
    if not _GROUP.fullmatch(name):
        raise BadIdentifier(
            f"{text[:80]!r} cannot be a group's name",
            cure="use 1 to 64 of a-z, 0-9 and . _ @ : + / -, beginning with a letter or a digit",
        )
    return name


def audience(names: Iterable[str]) -> tuple[str, ...]:
    """Check and sort names of groups; each counts once."""
    groups = sorted({group_name(one) for one in names})
    if len(groups) > MAX_GROUPS:
        raise BadIdentifier(f"{len(groups)} groups, more than {MAX_GROUPS}", cure="name fewer")
    return tuple(groups)


def _checked(said: str) -> str:
    try:
        callers_groups(said)
    except BadIdentifier as error:
        raise ValueError(str(error)) from error
    return said


def callers_groups(said: str) -> tuple[str, ...]:
    """Read names between commas; whoever calls is one of everyone."""
    return audience([EVERYONE, *(one for one in said.split(",") if one.strip())])


GroupNames = Annotated[str, AfterValidator(_checked)]
