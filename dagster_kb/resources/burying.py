"""Finds deleted words in texts, and buries the chunks that say them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any
from uuid import UUID

from dagster_kb.resources.buried_words import BuriedWords, Found, ManyBuriedWords, Said, place_of
from dagster_kb.resources.ledger_database import Connection, Row, one, rows, run, run_many


def whose_file_went(connection: Connection, which: Mapping[str, Any]) -> dict[str, Any]:
    """Find deletions whose file the generation has not, or under another name.

    The first generation of a folder's new name is compared with the last one of its former name.
    """
    last = None if which["base"] else one(connection, "last_under_a_former_name", **which)
    before = ({"before": last["generation_id"], "former": last["agent_id"]} if last
              else {"before": which["base"], "former": which["agent"]})  # fmt: skip
    found = rows(connection, "tombstones_whose_file_went", **which, **before)
    return {**before, "went": [row["tombstone_id"] for row in found]}


def bury_fresh(
    connection: Connection, paths: Mapping[UUID, Sequence[str]], which: Mapping[str, Any]
) -> None:
    """Bury what documents that are new to the agent say of what was deleted."""
    who, documents = {key: which[key] for key in ("workspace", "agent")}, list(paths)
    known = [BuriedWords.of(row) for row in rows(connection, "tombstones_to_match", **who)]
    if not known:
        return
    along = _along(connection, documents, which)
    texts = [{**row, "paths": paths[row["document_id"]], "along": along[row["document_id"]]}
             for row in rows(connection, "texts_of_documents", documents=documents)]  # fmt: skip
    found = bury_said(connection, known, texts, which["agent"])
    foreign = {one.tombstone for one in known if one.agent != which["agent"]}
    taken = {one["tombstone"] for one in found if one["tombstone"] in foreign}
    _take_along(connection, taken, documents, who)
    purge(connection, **who)


def take_along(
    connection: Connection, documents: Iterable[UUID], which: Mapping[str, Any]
) -> None:  # fmt: skip
    """Take over deletions of documents that lay in another agent's folder and were purged there.

    Before any document is looked at: what else is new may say what came with the last of them.
    """
    who, fresh = {key: which[key] for key in ("workspace", "agent")}, list(set(documents))
    moved = rows(connection, "tombstones_taken_along", **who, documents=fresh)
    _take_along(connection, {row["tombstone_id"] for row in moved}, fresh, who)


def _take_along(
    connection: Connection, tombstones: Set[int], documents: Sequence[UUID],
    who: Mapping[str, Any],
) -> None:  # fmt: skip
    if tombstones:
        taken = sorted(tombstones)
        run(connection, "take_along_tombstones", **who, tombstones=taken)
        run(connection, "bury_as_elsewhere", **who, documents=documents, tombstones=taken)


def _along(
    connection: Connection, documents: Sequence[UUID], which: Mapping[str, Any]
) -> Mapping[UUID, Set[int]]:  # fmt: skip
    """Find deletions whose words a document's file had before, or may have got with its new name."""
    along: defaultdict[UUID, set[int]] = defaultdict(set)
    for row in rows(connection, "files_of_parts", **which, documents=documents):
        along[row["document_id"]].add(row["tombstone_id"])
    if which["went"]:
        for row in rows(connection, "documents_of_new_files", **which, documents=documents):
            along[row["document_id"]].update(which["went"])
    return along


def bury_said(
    connection: Connection, buried: Sequence[BuriedWords], texts: Iterable[Row], agent: str
) -> list[dict[str, Any]]:  # fmt: skip
    """Bury what texts say of what was deleted; parts only in the agent's own files."""
    found: list[dict[str, Any]] = []
    known = ManyBuriedWords(buried, agent)
    for text in texts:
        files = {*(place_of(path, agent) for path in text["paths"]), *text.get("along", ())}
        for words, how in known.found_in(text["text_sha256"], Said.by(text["text"]), files):
            found.append({
                "tombstone": words.tombstone, "document": text["document_id"],
                "index": text["chunk_index"], "part": how is Found.PART,
            })  # fmt: skip
    run_many(connection, "bury_chunk", found)
    return found


def purge(connection: Connection, workspace: str, agent: str) -> int:
    """Purge buried texts that no manifest has any more; returns how many."""
    buried = rows(connection, "buried_texts", workspace=workspace, agent=agent)
    for row in buried:
        run(connection, "mask_extracted_text", **row)
        run(connection, "purge_chunk", **row)
    return len(buried)
