"""Answers that were given, kept or not: flagged when what they quote stands no more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import structlog

from graph.caching.changes import Change, Piece
from graph.caching.kept_answer import CitedSpan
from graph.gateways.postgres import LazyPool
from kb_contract.named_queries import named_queries

log = structlog.get_logger(__name__)
PAGE: Final = 100
"""Quotes that are looked at in one go, with the files that they were taken from."""
_BEGINNING: Final = {"chunk": "00000000-0000-0000-0000-000000000000", "answer": "", "ordinal": 0}

Row = dict[str, Any]


@dataclass(frozen=True)
class GivenAnswers:
    """Looks through `ops.answers` when an agent serves something else: quotes alone, nothing by meaning."""

    pool: LazyPool
    workspace: str

    async def look_through(self, kept_hold_for: Mapping[str, int] | None) -> int:
        """Flag what holds no more, and return how many; again after a crash, it begins the agent anew.

        `kept_hold_for` says for which generations the kept answers were looked at by their own rules;
        None: none are kept.
        """
        flagged = 0
        for agent in await self._run("agents_to_look_through"):
            if kept_hold_for is not None and agent["live"] != kept_hold_for.get(agent["agent_id"]):
                continue  # it moved on since; the next round looks at both
            flagged += await self._look_through(agent, apart=kept_hold_for is not None)
            await self._run("looked_through", **agent)
        return flagged

    async def _look_through(self, agent: Row, *, apart: bool) -> int:
        flagged, after = 0, dict(_BEGINNING)
        while page := await self._run(
            "quotes_to_look_at", **agent, **after, apart=apart, limit=PAGE
        ):
            last = page[-1]
            after = {"chunk": last["chunk_id"], "answer": last["answer_id"]}
            after["ordinal"] = last["ordinal"]
            found = await self._without_ground(agent, page)
            if found:
                gone = await self._run(
                    "flag_given_answers", **agent, answers=list(found), whys=list(found.values())
                )
                flagged += len(gone)
        if flagged:
            log.info("given answers hold no more", agent=agent["agent_id"], answers=flagged)
        return flagged

    async def _without_ground(self, agent: Row, quotes: Sequence[Row]) -> dict[str, str]:
        """Say of each answer that holds no more why."""
        name = agent["agent_id"]
        if agent["live"] is None:
            return {one["answer_id"]: f"{name} is served no longer" for one in quotes}
        paths = sorted({one["path"] for one in quotes})
        texts = await self._run("texts_of_files", live=agent["live"], paths=paths)
        come = [Piece(one["chunk_id"], one["path"], one["text"]) for one in texts]
        change = Change(name, agent["live"], list(map(_stood_in, quotes)), come)
        found: dict[str, str] = {}
        for one in quotes:
            if one["deleted"]:  # whatever else has the words: nobody is to read them here
                found[one["answer_id"]] = "what it quotes was deleted"
            elif isinstance(change.carried([_span(name, one)]), str):
                why = f"{name} does not say any more: {one['quote'][:200]}"
                found.setdefault(one["answer_id"], why)
        return found

    async def _run(self, name: str, **values: Any) -> list[Row]:
        statement = named_queries("caches")[name]
        return await self.pool.run(statement, {"workspace": self.workspace, **values})


def _stood_in(quote: Row) -> Piece:
    """What stood around a quote; of a pruned generation only the quote itself is known."""
    return Piece(_key(quote), quote["path"], quote["text"] or quote["quote"])


def _span(agent: str, quote: Row) -> CitedSpan:
    known = {
        "agent_id": agent,
        "chunk_id": _key(quote),
        "path": quote["path"],
        "quote": quote["quote"],
        "place": quote["place"] if quote["text"] else 0,
    }
    return cast("CitedSpan", known)


def _key(quote: Row) -> str:
    """A chunk, known or not by its text: one generation may be pruned, and another not."""
    return f"{quote['chunk_id']} {quote['text'] is not None}"
