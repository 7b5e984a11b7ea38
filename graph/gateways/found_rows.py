"""Rows of the ledger as the passages that agents and people see."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from graph.gateways.passage_finding import LiveAgent
from graph.state import Passage, SourceFacts
from kb_contract.ranking import Ranked


def placed(row: Mapping[str, Any], place: Ranked, ranked_by: str, agent: LiveAgent) -> Passage:
    """Make a passage of a row with what put it where it is."""
    passage, known = passage_of(row, score=place.cosine), agent.retrieval.calibration
    passage["relevance"], passage["ranked_by"] = place.relevance, ranked_by
    passage["unmet"], passage["doubtful"] = place.unmet, place.sure < agent.quoted_from
    passage["comparable"] = known.comparable(place.relevance) if known else place.relevance
    return passage


def passage_of(row: Mapping[str, Any], *, score: float) -> Passage:
    """Make a passage of a row of the ledger."""
    return {
        "agent_id": row["agent_id"],
        "generation": row["generation"],
        "git_sha": row["git_sha"],
        "uncommitted": row["uncommitted"],
        "dagster_run_id": row["dagster_run_id"],
        "chunk_id": str(row["chunk_id"]),
        "document_id": str(row["document_id"]),
        "path": row["path"],
        "title": row["title"] or PurePosixPath(row["path"]).name,
        "heading_path": list(row["heading_path"]),
        "page": row["page"],
        "start": row["start_offset"],
        "end": row["end_offset"],
        "text": row["text"],
        "score": score,
        "source": source_of(row["front_matter"], row["owners"]),
    }


def source_of(said: Mapping[str, Any], agent_owners: Sequence[str] | None) -> SourceFacts:
    """Read what a document says of itself; whom it names as its owner comes before the agent's."""
    extra: Mapping[str, Any] = said.get("extra") or {}
    own: Any = extra.get("owners") or extra.get("owner") or []
    owners = [own] if isinstance(own, str) else [str(one) for one in own]
    return {
        "version": said.get("version"),
        "effective": said.get("effective"),
        "expires": said.get("expires"),
        "owners": owners or list(agent_owners or ()),
    }
