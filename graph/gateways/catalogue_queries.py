"""Questions about what is known, answered by fixed queries: never by SQL that anyone wrote."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from graph.gateways.asked_subject import starts_of, subject_of
from graph.gateways.postgres import LazyPool
from graph.planning.workflow_plan import AgentCapability
from graph.retrieval.rights import Rights
from kb_contract.named_queries import named_queries

LIMIT: Final = 200
# First match wins, so what is more special comes first.
TOPICS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (topic, re.compile(pattern, re.IGNORECASE))
    for topic, pattern in (
        (
            "quarantined",
            r"quarantin|broken|unreadable|unpublished|refused|not (?:be )?(?:read|served)",
        ),
        (
            "changes",
            r"\bwhat(?:'s|\s+is|\s+has|\s+have|\s+was|\s+were)?\s+(?:been\s+)?(?:changed|new|different|updated|added|removed)\b"
            r"|\bchange[sd]?\b|\bchangelog\b|\brecent(?:ly)?\b|\blately\b|\bupdated\b",
        ),
        ("tables", r"\btables?\b|\bcolumns?\b|\bschemas?\b"),
        ("incidents", r"incident|went wrong|\bpaused?\b"),
        ("runs", r"\bpipeline\b|\bingest\w*|\blast\s+runs?\b|\bledger\b"),
        ("generations", r"generation|histor|release|commit"),
        ("tags", r"\btag|topic|subject|theme|keyword"),
        ("versions", r"version|edition|revision"),
        ("counts", r"how (?:many|much|big|large)|number of|count|total|size"),
        ("documents", r"document|file|page|article|manual|guide|source|cover|contain"),
        ("agents", r""),
    )
)


@dataclass(frozen=True)
class CatalogueQueries:
    """Picks a query by the words of the question and fills in whom it is about."""

    pool: LazyPool
    workspace: str

    async def answer(
        self, question: str, live: Sequence[AgentCapability], rights: Rights
    ) -> list[dict[str, Any]]:
        named = named_agents(question, live)
        subject = subject_of(question, tuple(name for one in named for name in _names(one)))
        topic = "mentions" if subject else topic_of(question)
        values = {
            "workspace": self.workspace,
            "agents": [one.agent_id for one in named or live],
            "limit": LIMIT,
            "subject": subject,
            "starts": starts_of(subject),
            **rights.values(),
        }
        rows = await self.pool.rows(named_queries("reader")[f"catalogue_{topic}"], values)
        if topic == "changes" and not rows:
            topic = "unchanged"
            rows = await self.pool.rows(named_queries("reader")["catalogue_unchanged"], values)
        return [{"kind": topic, **plain_row(row)} for row in rows]


def topic_of(question: str) -> str:
    """Return what kind of rows the question is about."""
    return next(topic for topic, pattern in TOPICS if pattern.search(question))


def named_agents(question: str, agents: Sequence[AgentCapability]) -> list[AgentCapability]:
    """Return the agents that the question names, by id or by title."""
    words = f" {_words(question)} "
    return [one for one in agents if any(f" {_words(name)} " in words for name in _names(one))]


def _names(agent: AgentCapability) -> tuple[str, ...]:
    return tuple(name for name in (agent.title, agent.agent_id) if _words(name))


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with values that JSON can say."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
