"""Names and ids that both sides derive in the same way."""

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from typing import Any, Final, Literal

from kb_contract.errors import BadIdentifier

Colour = Literal["blue", "green"]
COLOURS: Final[tuple[Colour, Colour]] = ("blue", "green")
DEFAULT_WORKSPACE: Final = "default"

CHUNK_NAMESPACE: Final = uuid.UUID("6f0c1a52-6c1c-5f0e-9d8e-2f6f3f5a7b10")
DOCUMENT_NAMESPACE: Final = uuid.UUID("2b7d7f3e-8f0b-5d36-b0a7-53a6c1f0f4a1")

_AGENT_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
# A suffix of ours on an agent's id would make two agents meet in one collection.
_OUR_SUFFIXES: Final = ("_blue", "_green", "_production")


def agent_id(text: str) -> str:
    """Return `text` when it can be an agent's id, else say what is wrong with it."""
    if not _AGENT_ID.fullmatch(text):
        raise BadIdentifier(
            f"{text!r} cannot be an agent's id",
            cure="use 1 to 63 of a-z, 0-9, '_' and '-', beginning with a letter or a digit",
        )
    if text.endswith(_OUR_SUFFIXES):
        raise BadIdentifier(
            f"{text!r} ends like a collection of ours",
            cure=f"choose an id that does not end in {', '.join(_OUR_SUFFIXES)}",
        )
    # `__` parts a workspace from its agents: `team__hr` here would be `hr` of workspace `team`.
    if "__" in text or text.endswith("_"):
        raise BadIdentifier(
            f"{text!r} reads like an agent of another workspace",
            cure="use no two '_' in a row, and none at the end",
        )
    return text


def _scoped(workspace: str, name: str) -> str:
    return name if workspace == DEFAULT_WORKSPACE else f"{workspace}__{name}"


def collection_name(workspace: str, agent: str, colour: Colour) -> str:
    """Name the physical collection that holds one colour of an agent."""
    return _scoped(workspace, f"{agent}_{colour}")


def past_collection(workspace: str, agent: str, generation_id: int) -> str:
    """Name the copy that a generation of the past is read from; no agent's id has two '_' in a row."""
    return _scoped(workspace, f"{agent}__as_of__{generation_id}")


def kept_questions(workspace: str, model: str) -> str:
    """Name the collection of answered questions; vectors of two models never meet."""
    return _scoped(workspace, f"kept__questions__{sha256_text(model)[:8]}")


def production_alias(workspace: str, agent: str) -> str:
    """Name the alias that readers read through."""
    return _scoped(workspace, f"{agent}_production")


def plain_alias(workspace: str, agent: str) -> str:
    """Name the second alias, so that a collection named after the agent can be read too."""
    return _scoped(workspace, agent)


def other_colour(colour: Colour | None) -> Colour:
    """Return the colour that is not live (blue when none is)."""
    return "green" if colour == "blue" else "blue"


def sha256_text(text: str) -> str:
    """Digest of a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def sha256_json(value: Any) -> str:
    """Digest of a value that JSON can say, whatever the order of its keys."""
    return sha256_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def document_id(workspace: str, file_sha256: str, reader: str) -> uuid.UUID:
    """Id of a document: the same bytes read in the same way are the same document."""
    return uuid.uuid5(DOCUMENT_NAMESPACE, "\x1f".join((workspace, file_sha256, reader)))


def chunk_id(
    workspace: str, agent: str, path: str, heading_path: Sequence[str], ordinal: int, text_sha: str
) -> uuid.UUID:
    """Id of a chunk: the same text at the same place keeps its id.

    `ordinal` counts the chunks of this path that share heading path and text, so an insertion
    above does not change the ids below.
    """
    place = "\x1e".join(heading_path)
    return uuid.uuid5(
        CHUNK_NAMESPACE, "\x1f".join((workspace, agent, path, place, str(ordinal), text_sha))
    )


def ids_digest(pairs: Sequence[tuple[str, str]]) -> str:
    """Digest of (chunk id, payload digest) pairs in any order: what a collection holds."""
    return sha256_text("\n".join(f"{one} {two}" for one, two in sorted(pairs)))
