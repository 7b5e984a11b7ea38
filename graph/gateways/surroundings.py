"""What stands around the passages that were found: more to answer from, each with its own place."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from graph.gateways.found_rows import passage_of
from graph.retrieval.across_agents import comparable
from graph.retrieval.rights import Rights
from graph.state import Passage
from kb_contract.agent_manifest import RetrievalSettings

REACH: Final[Mapping[str, int]] = {"neighbours": 1, "section": 4}
MOST_CHARACTERS: Final = 16_000
"""Of all that is added; what stands beside the best passage comes first."""
Rows = Callable[[str, Mapping[str, Any]], Awaitable[list[dict[str, Any]]]]


@dataclass(frozen=True)
class Surroundings:
    """Reads the ledger once for each agent and generation that wants more than the chunk."""

    rows: Rows
    rights: Rights

    async def of(
        self, passages: Sequence[Passage], how: Mapping[str, RetrievalSettings]
    ) -> list[Passage]:
        """Put each passage between those around it, in the order of the document; none comes twice."""
        around: dict[str, list[dict[str, Any]]] = {}
        for agent, generation in dict.fromkeys(
            (one["agent_id"], one["generation"]) for one in passages
        ):
            context = how[agent].context if agent in how else "chunk"
            if context == "chunk":
                continue
            found = [one for one in passages
                     if (one["agent_id"], one["generation"]) == (agent, generation)]  # fmt: skip
            values = {
                "agent": agent, "generation": generation, "reach": REACH[context],
                "section": context == "section",
                "chunks": [UUID(one["chunk_id"]) for one in found], **self.rights.values(),
            }  # fmt: skip
            for row in await self.rows("passages_around", values):
                around.setdefault(str(row["beside"]), []).append(row)
        return _placed(passages, around) if around else list(passages)


def _placed(
    passages: Sequence[Passage], around: Mapping[str, Sequence[dict[str, Any]]]
) -> list[Passage]:
    there, room = {one["chunk_id"] for one in passages}, MOST_CHARACTERS
    placed: list[Passage] = []
    for one in passages:
        beside = [(row["distance"], row) for row in around.get(one["chunk_id"], ())]
        added: list[tuple[int, Passage]] = [(0, one)]
        for distance, row in sorted(beside, key=lambda pair: (abs(pair[0]), pair[0])):
            if str(row["chunk_id"]) not in there and len(row["text"]) <= room:
                there.add(str(row["chunk_id"]))
                room -= len(row["text"])
                added.append((distance, _beside(one, row)))
        placed += [passage for _, passage in sorted(added, key=lambda pair: pair[0])]
    return placed


def _beside(found: Passage, row: Mapping[str, Any]) -> Passage:
    """Give it the scores of the passage that it stands beside: it is there because of that one."""
    made = passage_of(row, score=found["score"])
    made["relevance"], made["unmet"] = found.get("relevance", 0.0), found.get("unmet", 0.0)
    made["doubtful"] = found.get("doubtful", False)
    made["comparable"] = comparable(found)
    made["ranked_by"] = "beside"
    return made
