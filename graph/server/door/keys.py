"""API keys: `kb_<id>_<secret>`. The secret is shown once; what is kept is its digest."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from graph.caller import Caller
from graph.server.database import Database, Row
from graph.server.door.roles import all_of
from graph.server.errors import ApiError

KEY: Final = re.compile(r"kb_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class NewKey:
    """A key as its owner gets it, once."""

    key_id: str
    text: str
    digest: str


def new_key() -> NewKey:
    """Make a key that nobody can guess."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return NewKey(key_id, f"kb_{key_id}_{secret}", digest_of(secret))


def digest_of(secret: str) -> str:
    """Digest of a secret; it is random and long, so nothing slower is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_key(said: str) -> bool:
    """Whether a text can be one of ours."""
    return KEY.fullmatch(said) is not None


async def holder_of(database: Database, said: str) -> Caller:
    """Whom a key belongs to; refused when it is not of this workspace, or not valid any more."""
    read = KEY.fullmatch(said)
    row = await database.row("key", key_id=read[1]) if read else None
    if read is None or row is None or not hmac.compare_digest(digest_of(read[2]), row["digest"]):
        raise ApiError(401, "the key is missing or wrong", hint="send it as X-Api-Key")
    if row["revoked"] or row["expired"]:
        gone = "was revoked" if row["revoked"] else "has expired"
        raise ApiError(401, f"the key {row['key_id']} {gone}", hint="ask for another: kb keys")
    return _caller(row)


def _caller(row: Row) -> Caller:
    agents = None if row["agents"] is None else frozenset[str](row["agents"])
    return Caller(row["name"], all_of(row["roles"]), agents, row["key_id"])
