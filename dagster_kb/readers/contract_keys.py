"""The keys that decide what is served of a document, however its format and its author write them."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final, cast

from kb_contract.errors import BadDocument
from kb_contract.payload import EVERYONE

RIGHTS: Final = ("effective", "expires", "audience", "agent_id")
DECIDING: Final = (*RIGHTS, "status", "draft", "published")
CONTRACT: Final = (*DECIDING, "title", "version", "tags", "purpose")
YES: Final = frozenset({"true", "yes", "on", "y", "t", "1"})
NO: Final = frozenset({"false", "no", "off", "n", "f", "0"})
ANYBODY: Final = frozenset({EVERYONE, "all", "public", "anybody", "anyone", "everybody"})
# Said of `published`, these are no publisher's name.
NOT_YET: Final = frozenset({"never", "not", "not yet", "soon", "later", "pending", "none", "draft"})
# What authors say of a document's state, where a program may say something else under that name.
STATES: Final = frozenset(
    {
        *("draft", "drafts", "unpublished", "archived", "private", "hidden", "published", "live"),
        *("review", "in review", "under review", "reviewed", "approved", "final", "pending"),
        *("wip", "work in progress", "in progress", "internal", "confidential", "restricted"),
        *("obsolete", "deprecated", "retired", "withdrawn", "superseded", "outdated", "deleted"),
    }
)
_SERVED: Final = frozenset({"published", "live", "reviewed", "approved", "final"})
# What may as well be said of what a document tells of: `state: deprecated` of a function.
_OF_SUBJECTS: Final = frozenset(
    {
        *("pending", "in progress", "obsolete", "deprecated", "retired", "withdrawn"),
        *("superseded", "outdated", "deleted"),
    }
)
# Pages past their time are shown still, with a word of warning: `:Page Status: Obsolete`.
_STILL_SHOWN: Final = frozenset({"obsolete", "deprecated", "superseded", "outdated"})
# What holds a date, however it is written.
DATED: Final = re.compile(r"\d{4}|\d[./-]\d")
_NEAR: Final = 0.85
_NEAR_STATE: Final = 0.8
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\s_-]+")
_STATUS_OF_IT: Final = re.compile(r"(?:doc|document|page|publication|publishing)_status")
# What other tools call these: as a key of the document's own it would protect nothing.
_OTHERS: Final = {
    "effective": re.compile(r"effective_(?:date|time|from|at|on|since|as_of)|valid_from|not_before"),
    "expires": re.compile(
        r"expir(?:e|es|ed|y|ing|ation)(?:_(?:date|time|at|on|after))?"
        r"|valid_(?:until|till|to|through)|not_after"
    ),
    # `target_audience: developers` tells for whom it is written, and keeps it from nobody.
    "audience": re.compile(r"audience_(?:groups?|list|names?)|(?:allowed|restricted)_audience"),
    "status": re.compile(r"state|visibility"),
    "draft": re.compile(r"is_draft|unpublished|hidden|private"),
    "published": re.compile(r"publish|is_published"),
}  # fmt: skip
# `publisher: ACME` and `state: Ohio` are fine: such a key is refused where it would hold back.
HOLDS_BACK: Final = {
    "status": STATES - _SERVED - _OF_SUBJECTS,
    "draft": YES,
    "published": NO,
}
# Where generators keep what they do not know: a key in it would protect nothing either.
DRAWERS: Final = frozenset({"extra", "params", "metadata", "meta", "custom"})


def collected(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Collect what a document says; what decides is there once, under the contract's own key."""
    said: dict[str, Any] = {}
    for key, value in pairs:
        name = _deciding(key, value)
        if name and name in said:
            raise BadDocument(
                f"{name} is there twice", where="front matter", cure="remove one of them"
            )
        said[name or key] = value
    return said


def is_like_contract(key: str) -> bool:
    """Tell whether a key is the contract's, or is like one of those that decide."""
    return plain_key(key) in CONTRACT or decides(key)


def decides(key: str) -> bool:
    """Tell whether a key decides what is served, or is like one that does."""
    return deciding_name(key) is not None


def deciding_name(key: str) -> str | None:
    """Return what a key decides, or is like in name."""
    plain = plain_key(key)
    return plain if plain in DECIDING else _like_right(plain)


def right_of(key: str) -> str | None:
    """Return the right that a key is, or that other tools call by this name."""
    plain = plain_key(key)
    return next(
        (
            one
            for one in RIGHTS
            if plain == one or (one in _OTHERS and _OTHERS[one].fullmatch(plain))
        ),
        None,
    )


def state_word(value: Any) -> str:
    """Say a value as one word in small letters, where it is one."""
    return value.strip().lower() if isinstance(value, str) else ""


def holds_back(key: str, value: Any) -> str | None:
    """Return what decides that this says, where it keeps a document from some people or all."""
    plain, word = plain_key(key), state_word(value)
    if plain in HOLDS_BACK:
        return plain if word in HOLDS_BACK[plain] else None
    right = right_of(plain) or _like_right(plain)
    if right:
        return right if _limits(right, value) else None
    return _like_state(plain, word)


def _limits(right: str, value: Any) -> bool:
    """`expires: 30 days` and `audience: everyone` keep a document from nobody, nor does nothing."""
    if right in ("effective", "expires"):
        return DATED.search(str(value)) is not None
    listed = cast("list[Any]", value if isinstance(value, list) else [value])
    names = {state_word(one) if isinstance(one, str) else str(one) for one in listed if one}
    return bool(names - {""}) and (right != "audience" or not names <= ANYBODY)


def _deciding(key: str, value: Any) -> str | None:
    """Return the contract's key; None for a key of the document's own; refuse what is between."""
    plain = plain_key(key)
    if plain in DECIDING:
        return plain
    meant = _like_right(plain) or _like_state(plain, state_word(value))
    if meant:
        raise BadDocument(
            f"the key {key[:40]!r} is not written as it must be",
            where="front matter",
            cure=f"write {meant!r}, or choose a name that is less like it",
        )
    if plain in DRAWERS and isinstance(value, dict):
        _refuse_within(key, cast("dict[str, Any]", value))
    return None


def _refuse_within(drawer: str, said: dict[str, Any]) -> None:
    for key, value in said.items():
        meant = holds_back(key, value)
        if meant:
            raise BadDocument(
                f"{key[:40]!r} stands within {drawer!r}, where it protects nothing",
                where="front matter",
                cure=f"write {meant!r} beside {drawer!r}, not in it",
            )


def plain_key(key: str) -> str:
    """`expiryDate`, ` Expiry-Date` and `expiry_date` are one key."""
    written = unicodedata.normalize("NFKC", key[:60]).strip()
    return _WORDS.sub("_", written).lower()


def _like_right(plain: str) -> str | None:
    if plain in CONTRACT:
        return None
    for name, others in _OTHERS.items():
        if name in RIGHTS and others.fullmatch(plain):
            return name
    return next(iter(get_close_matches(plain, RIGHTS, n=1, cutoff=_NEAR)), None)


def _like_state(plain: str, word: str) -> str | None:
    for name, words in HOLDS_BACK.items():
        if word in words and (_is_near(plain, name) or _OTHERS[name].fullmatch(plain)):
            return name
    if _is_near(plain, "status"):
        return "status" if word in STATES - _SERVED else None
    is_of_it = _STATUS_OF_IT.fullmatch(plain) and word in STATES - _SERVED - _STILL_SHOWN
    return "status" if is_of_it else None


def _is_near(plain: str, name: str) -> bool:
    return bool(get_close_matches(plain, (name,), n=1, cutoff=_NEAR_STATE))
