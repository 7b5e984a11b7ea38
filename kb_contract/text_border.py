"""Text from outside is cleaned here before it becomes state: Postgres and msgpack refuse some of it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from kb_contract.errors import BadInput

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_SURROGATE_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
REPLACEMENT: Final = "\ufffd"
MAX_DEPTH: Final = 100
# What msgpack can say, which state is written in.
_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**64 - 1


def clean_text(text: str) -> str:
    """Drop NUL, join surrogate pairs, and replace surrogates that stand alone."""
    if not _UNSTORABLE.search(text):
        return text
    joined = _SURROGATE_PAIR.sub(_joined, text)
    return _UNSTORABLE.sub(lambda found: "" if found[0] == "\x00" else REPLACEMENT, joined)


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def clean(value: Any, *, depth: int = 0) -> Any:
    """Clean every text of a value that JSON can say; what is clean already is given back as it is."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        raise BadInput(
            "a whole number has more than 64 bits", cure="send it as a text, or as a decimal number"
        )
    if isinstance(value, Mapping | list | tuple):
        if depth >= MAX_DEPTH:
            raise BadInput(
                f"data is nested more than {MAX_DEPTH} levels deep", cure="send it flatter"
            )
        return _clean_container(value, depth + 1)
    return value


def _clean_container(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {clean(key, depth=depth): clean(one, depth=depth) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return [clean(one, depth=depth) for one in value]


def checked_text(text: str, *, what: str, at_most: int) -> str:
    """Clean a text that a person sent; refuse an empty one and one that is too long."""
    cleaned = clean_text(text).strip()
    if not cleaned:
        raise BadInput(f"the {what} is empty", where=what, cure=f"send a {what}")
    if len(cleaned) > at_most:
        raise BadInput(
            f"the {what} has {len(cleaned):,} characters, and at most {at_most:,} are allowed",
            where=what,
            cure="shorten it, or put the long part into a document",
        )
    return cleaned


def cut_text(text: str, *, at_most: int) -> str:
    """Clean a text that an agent wrote; what is too long is cut, and says so."""
    cleaned = clean_text(text)
    if len(cleaned) <= at_most:
        return cleaned
    return f"{cleaned[:at_most]} […cut: {len(cleaned) - at_most:,} characters more]"
