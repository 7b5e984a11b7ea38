"""The way back: what is served becomes again what was served before."""

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dagster_kb.publishing.alias_moves import NOT_WHAT_IT_WAS, names_of, reconcile_agent
from dagster_kb.publishing.collection_sync import CollectionSync
from dagster_kb.publishing.walking_back import made_sure, walk
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_ways_back import EndsAs, Return
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import BadInput, GateRefused, NotServed
from kb_contract.generation import Generation
from kb_contract.identifiers import other_colour

ROLLBACK: Final = "rollback"
AUTOMATIC_ROLLBACK: Final = "automatic_rollback"


@dataclass(frozen=True)
class RolledBack:
    """What became of a rollback."""

    agent: str
    left: int | None
    """Number of the generation that was live; None when nothing was."""
    live: int
    """Number of the generation that is live now."""
    collection: str
    points_written: int
    """0 when the other colour still held it."""
    incident: int
    served_after: float
    """Seconds until the alias had moved."""
    seconds: float
    """Until every point behind it had been looked at."""


@dataclass(frozen=True)
class WayBack:
    """Rolls an agent back to a generation that is kept, embedding nothing."""

    ledger: Ledger
    store: VectorStore
    embedder: Embedder

    def roll_back(self, agent: str, to: int | None = None, *, reason: str, by: str) -> RolledBack:
        """Go back to a generation, or to the one that was live before; pauses the agent.

        A rollback that was killed half way is finished by the next one.
        """
        with self.ledger.agent_lock(agent):
            began = time.perf_counter()
            begun = self.ledger.ways_back.begun(agent)
            if begun and to is None:
                to, reason = int(begun["facts"]["to"]), str(begun["facts"]["reason"])
            live = self.ledger.generations.live(agent)
            target = self._target(agent, live, to)
            if live and live.generation_id == target.generation_id and not begun:
                raise BadInput(f"generation {target.number} is live already", where=agent)
            self._names_put_right(agent)
            incident = self._told(live, target, begun, reason=reason, by=by)
            failed = begun is not None and begun["kind"] == AUTOMATIC_ROLLBACK
            ends_as = "failed" if failed else "retired"
            way = _way(live, target, ends_as, reason=reason, by=by)
            now, synced = walk(self.ledger, self.store, way) if way else (target, None)
            served_after = time.perf_counter() - began
            mended = made_sure(self.ledger, self.store, now, synced, incident)
            return RolledBack(
                agent=agent, left=self._left(begun, live), live=now.number,
                collection=now.collection or "", incident=incident,
                points_written=mended + (synced.written if synced else 0),
                served_after=round(served_after, 3),
                seconds=round(time.perf_counter() - began, 3),
            )  # fmt: skip

    def _names_put_right(self, agent: str) -> None:
        """What is left is not made again first, unless names lead to the colour that is written next."""
        found = reconcile_agent(self.ledger, self.store, agent)
        names = names_of(self.ledger, self.store, agent)
        if found.action == NOT_WHAT_IT_WAS and self.store.aliases().keys() & set(names):
            CollectionSync(self.ledger, self.store).serve_again(agent)

    def _target(self, agent: str, live: Generation | None, to: int | None) -> Generation:
        if any(one.agent == agent and not one.withdrawn for one in self.ledger.names.at_rest(0)):
            raise NotServed(
                "its folder is gone, so there is nothing to roll back", where=agent,
                cure="bring the folder back in git; what it was made of is still kept",
            )  # fmt: skip
        if to is None:
            return self._previous(agent, live)
        target = self.ledger.ways_back.numbered(agent, to)
        if target.state not in ("retired", "live"):
            raise BadInput(
                f"generation {to} is {target.state}: it was never served", where=agent,
                cure=f"choose one that was live, of `kb generations {agent}`",
            )  # fmt: skip
        if target.pruned_at is not None or not target.chunks:
            raise BadInput(
                f"of generation {to} only its history is kept", where=agent,
                cure=f"`git revert` to {target.git_sha[:12]} and ingest, or choose a newer one",
            )  # fmt: skip
        refuse_other_space(target, self.embedder)
        return target

    def _previous(self, agent: str, live: Generation | None) -> Generation:
        newest = live or next(iter(self.ledger.generations.latest(agent, 1)), None)
        # Where nothing is served, a withdrawal is what this takes back.
        before = newest.number if newest else 0
        found = self.ledger.ways_back.previous(agent, before, past_ends=live is None)
        if found is None:
            raise self._no_way(agent, before)
        refuse_other_space(found, self.embedder)
        return found

    def _no_way(self, agent: str, before: int) -> BadInput:
        """Say what a person can go back to by hand."""
        if past := self.ledger.ways_back.previous(agent, before, past_ends=True):
            return BadInput(
                f"generation {past.number} was served before, and taken away on purpose since",
                where=agent, cure=f"if it is to be served again: `kb rollback {agent} --to "
                f"{past.number}`",
            )  # fmt: skip
        cure = f"name one with --to, of `kb generations {agent}`"
        return BadInput(
            "no generation before this one is kept", where=agent,
            cure=before_its_name(self.ledger, agent) or cure,
        )  # fmt: skip

    def _told(
        self, live: Generation | None, target: Generation, begun: Mapping[str, Any] | None,
        *, reason: str, by: str,
    ) -> int:  # fmt: skip
        """Open the incident, then pause, before anything moves: it says where a crash left off."""
        if begun and int(begun["facts"]["to"]) != target.number:
            self.ledger.ways_back.ended(int(begun["incident_id"]))
            begun = None
        incident = (
            int(begun["incident_id"]) if begun
            else open_incident(self.ledger, ROLLBACK, live, target, reason=reason, by=by)
        )  # fmt: skip
        self.ledger.incidents.pause(target.agent_id, f"rolled back: {reason}", by)
        return incident

    def _left(self, begun: Mapping[str, Any] | None, live: Generation | None) -> int | None:
        if begun and begun["facts"].get("from") is not None:
            return int(begun["facts"]["from"])
        return live.number if live else None


def put_back(
    ledger: Ledger, store: VectorStore, generation: Generation, *, reason: str, by: str,
    dagster_run: str | None,
) -> Generation | None:  # fmt: skip
    """Take a live generation that fails out of service; the caller holds the agent's lock.

    Returns what is live instead. None when nothing was live before in the same space: then it
    stays, the agent is paused, and the incident says so.
    """
    agent, paused = generation.agent_id, f"rolled back by itself: {reason}"
    target = ledger.ways_back.previous(agent, generation.number)
    if target is None or target.space != generation.space:
        ledger.incidents.open(
            agent, "live_check_failed",
            f"generation {generation.number} fails its live check and there is no way back: "
            f"{reason}",
            _next_step(ledger, agent, generation),
            facts={"generation": generation.number, "reason": reason, "dagster_run": dagster_run},
            generation_id=generation.generation_id, by=by,
        )  # fmt: skip
        ledger.incidents.pause(agent, paused, by)
        return None
    incident = open_incident(ledger, AUTOMATIC_ROLLBACK, generation, target, reason=reason, by=by)
    ledger.incidents.pause(agent, paused, by)
    way = Return(
        generation, target, other_colour(generation.colour), "failed", reason, by, dagster_run
    )
    now, synced = walk(ledger, store, way)
    made_sure(ledger, store, now, synced, incident)
    return now


def _next_step(ledger: Ledger, agent: str, failed: Generation) -> str:
    """What a person can do where nothing goes back by itself."""
    mend = f"mend the source, commit, `kb resume {agent}`, and look with `kb verify {agent}`"
    past = ledger.ways_back.previous(agent, failed.number, past_ends=True)
    if past and past.space == failed.space:
        return (
            f"{mend}; or `kb rollback {agent} --to {past.number}`, which was taken away on purpose"
        )
    way = before_its_name(ledger, agent)
    return f"{mend}; or {way}" if way else mend


def before_its_name(ledger: Ledger, agent: str) -> str:
    """How an agent that was renamed gets back what it served under its former name; or nothing."""
    for former in (str(row["former"]) for row in ledger.names.former(agent)):
        kept = ledger.generations.live(former) or ledger.ways_back.last_served(former)
        if kept is None:
            continue
        still = ", which is served until this one answers" if kept.state == "live" else ""
        folder = _knowledge_of(ledger, kept, agent)
        old, new = (shlex.quote("/".join([*folder, one])) for one in (former, agent))
        return (
            f"bring back what it was as {former} (generation {kept.number}{still}): "
            f"`git rm -rqf {new} && git read-tree -u --prefix={new}/ {kept.git_sha[:12]}:{old} && "
            f"git commit -m 'Go back' && kb resume {agent} && kb ingest --agent {agent}`; where "
            "KNOWLEDGE_REPOSITORY is set, do it in a clone and `git push` before `kb resume`"
        )
    return ""


def _knowledge_of(ledger: Ledger, former: Generation, agent: str) -> list[str]:
    """Where the folders of agents lie: what stands before the agent's name in all paths.

    A folder above or below may be called the same, so both names have to stand in one place.
    """
    tried = (ledger.documents.placed(one.generation_id)
             for one in ledger.generations.latest(agent))  # fmt: skip
    mine = next(filter(None, tried), None)
    was = [one.split("/") for one in ledger.documents.placed(former.generation_id)]
    named = [(former.agent_id, one) for one in was] + [
        (agent, one.split("/")) for one in mine or ()
    ]
    return next(
        (was[0][:depth] for depth in range(len(was[0]))
         if all(parts[: depth + 1] == [*was[0][:depth], name] for name, parts in named)),
        was[0][: was[0].index(former.agent_id)],
    )  # fmt: skip


def open_incident(
    ledger: Ledger, kind: str, live: Generation | None, target: Generation, *, reason: str, by: str
) -> int:
    """Open the incident of a way back that begins now."""
    agent = target.agent_id
    source = f"from generation {live.number} ({live.git_sha[:12]})" if live else "from nothing"
    return ledger.incidents.open(
        agent, kind,
        f"rolled back {source} to {target.number} ({target.git_sha[:12]}): {reason}",
        f"mend the source in git (`git revert` of what broke it), commit, then "
        f"`kb resume {agent}`, and look with `kb verify {agent}`; where the facts say "
        f"`done: false` it was stopped half way, and `kb rollback {agent}` finishes it",
        facts={"from": live.number if live else None, "to": target.number, "reason": reason,
               "from_sha": live.git_sha if live else None, "to_sha": target.git_sha,
               "done": False},
        generation_id=live.generation_id if live else None, by=by,
    )  # fmt: skip


def refuse_other_space(target: Generation, embedder: Embedder) -> None:
    """Readers ask with one model; vectors of another one would answer at random."""
    if target.space != embedder.space.model_dump(mode="json"):
        raise GateRefused(
            f"generation {target.number} was embedded with {target.space['model']} "
            f"({str(target.space['weights_sha256'])[:12]}), readers ask with "
            f"{embedder.space.model} ({embedder.space.weights_sha256[:12]})",
            where=target.agent_id,
            cure="set EMBEDDING_MODEL to that model for the writer and the readers, or `git "
            "revert` and ingest: that embeds the old text with the new model",
        )


def _way(
    live: Generation | None, target: Generation, ends_as: EndsAs, *, reason: str, by: str
) -> Return | None:
    """Where to walk; None when the ledger has been there already."""
    if live and live.generation_id == target.generation_id:
        return None
    # Where nothing is live both lie idle, and one may still hold it.
    colour = other_colour(live.colour) if live else target.colour or other_colour(None)
    return Return(live, target, colour, ends_as, reason, by)
