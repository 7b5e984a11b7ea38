"""A `KnowledgeReader` and a `QueryEmbedder` that live in memory and really search."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graph.planning.workflow_plan import AgentCapability
from graph.retrieval.terms import asked_terms, terms
from graph.selection import EVERYTHING, Selection
from graph.state import Passage
from kb_contract.errors import NotServed
from kb_contract.identifiers import chunk_id, sha256_text
from kb_contract.sentence_models.vectors import ReadText
from kb_contract.sentence_models.word_vectors import WordVectors

DIMENSION = 256
THRESHOLD = 0.3


class WordEmbedder:
    """Texts with the same words have near vectors."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [_vector(text) for text in texts]

    async def read(self, questions: Sequence[str]) -> list[ReadText]:
        return [ReadText(one, _vector(one), _words(one)) for one in questions]


def _words(text: str) -> WordVectors:
    words = tuple(one for one in re.findall(r"\w+", text) if terms(one))
    rows = np.array([_vector(one) for one in words], np.float32).reshape(-1, DIMENSION)
    return WordVectors(words, rows)


def _vector(text: str) -> list[float]:
    vector = [0.0] * DIMENSION
    for term in terms(text):
        vector[term % DIMENSION] += 1.0
    length = sum(part * part for part in vector) ** 0.5
    return [part / length for part in vector] if length else vector


@dataclass
class InMemoryKnowledge:
    """Agents and their documents; every change of an agent makes a new generation."""

    capabilities: dict[str, AgentCapability] = field(default_factory=dict)
    chunks: dict[tuple[str, int], list[Passage]] = field(default_factory=dict)
    tags: dict[str, set[str]] = field(default_factory=dict)
    """Tags of documents, by path."""

    def add_agent(self, agent_id: str, **about: Any) -> AgentCapability:
        said = {
            "agent_id": agent_id,
            "title": agent_id.replace("_", " ").capitalize(),
            "purpose": "",
            "kind": "rag",
            "capabilities": ("knowledge",),
            "generation": 0,
        }
        self.capabilities[agent_id] = AgentCapability.model_validate({**said, **about})
        return self.capabilities[agent_id]

    def add_document(
        self, agent_id: str, path: str, text: str, *, title: str = ""
    ) -> list[Passage]:
        """Publish a document in a new generation; a chunk is a heading with what is under it."""
        agent = self.capabilities.get(agent_id) or self.add_agent(agent_id)
        number = (agent.generation or 0) + 1
        sha = sha256_text(f"{agent_id}/{number}")[:40]
        old = [one for one in self.chunks.get((agent_id, number - 1), []) if one["path"] != path]
        kept: list[Passage] = [{**one, "generation": number, "git_sha": sha} for one in old]
        made = _passages(agent_id, path, text, title=title, generation=number, sha=sha)
        self.chunks[agent_id, number] = [*kept, *made]
        counts = {"documents": len({one["path"] for one in [*kept, *made]})}
        self.capabilities[agent_id] = agent.model_copy(
            update={"generation": number, "git_sha": sha, "chunks": len(kept) + len(made), **counts}
        )
        return made

    async def agents(self) -> list[AgentCapability]:
        return list(self.capabilities.values())

    async def search(
        self,
        agent_id: str,
        question: str,
        *,
        limit: int | None = None,
        only: Selection = EVERYTHING,
    ) -> list[Passage]:
        scored = self._scored(agent_id, question)
        meant = [
            one
            for one in scored
            if not only.tags or self.tags.get(one["path"], set()) & {*only.tags}
        ]
        return [one for one in meant if one["score"] >= THRESHOLD][: limit or 5]

    async def around(self, passages: Sequence[Passage]) -> list[Passage]:
        return list(passages)

    async def affinity(self, question: str, agent_ids: Sequence[str]) -> dict[str, float]:
        found = {one: self._scored(one, question) for one in agent_ids if one in self.capabilities}
        return {one: found[one][0]["score"] if found.get(one) else 0.0 for one in agent_ids}

    async def chunk_text(self, agent_id: str, generation: int, chunk_id: str) -> Passage | None:
        stored = self.chunks.get((agent_id, generation), [])
        return next((one for one in stored if one["chunk_id"] == chunk_id), None)

    async def catalogue(self, question: str) -> list[dict[str, Any]]:
        return [
            {
                "kind": "agents",
                "agent_id": one.agent_id,
                "title": one.title,
                "documents": one.documents,
            }
            for one in self.capabilities.values()
        ]

    def _scored(self, agent_id: str, question: str) -> list[Passage]:
        agent = self.capabilities.get(agent_id)
        if agent is None:
            raise NotServed(f"agent {agent_id!r} has no live generation", cure="add a document")
        asked = asked_terms(question)
        found: list[Passage] = []
        for one in self.chunks.get((agent_id, agent.generation or 0), []):
            held = asked & terms(" ".join([one["title"], *one["heading_path"], one["text"]]))
            found.append({**one, "score": len(held) / len(asked) if asked else 0.0})
        return sorted(found, key=lambda one: -one["score"])


def _passages(
    agent_id: str, path: str, text: str, *, title: str, generation: int, sha: str
) -> list[Passage]:
    starts = [
        0,
        *(found.start() for found in re.finditer(r"^#+ ", text, re.MULTILINE) if found.start()),
    ]
    passages: list[Passage] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        own = text[start:end].rstrip()
        heading = re.match(r"#+ (.*)", own)
        place = [heading[1].strip()] if heading else []
        if own.strip():
            passages.append(
                {
                    "agent_id": agent_id,
                    "generation": generation,
                    "git_sha": sha,
                    "uncommitted": False,
                    "dagster_run_id": f"run-{generation}",
                    "chunk_id": str(
                        chunk_id("default", agent_id, path, place, start, sha256_text(own))
                    ),
                    "document_id": sha256_text(text)[:32],
                    "path": path,
                    "title": title or path.rsplit("/", 1)[-1],
                    "heading_path": place,
                    "page": None,
                    "start": start,
                    "end": start + len(own),
                    "text": own,
                    "score": 0.0,
                }
            )
    return passages
