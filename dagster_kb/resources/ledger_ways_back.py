"""Going back to a generation that was live before; pins, and the history of what was served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from dagster_kb.resources.ledger_database import Connection, LedgerDatabase, Row, one, run
from dagster_kb.resources.ledger_fences import AgentFences
from kb_contract.errors import BadInput, GateRefused
from kb_contract.generation import Generation
from kb_contract.identifiers import Colour, collection_name

EndsAs = Literal["retired", "failed"]
MOVES: Final = 200


@dataclass(frozen=True)
class Return:
    """One way back: from what is live, if anything is, to a generation that lies in a colour."""

    live: Generation | None
    target: Generation
    colour: Colour
    ends_as: EndsAs
    reason: str
    by: str
    dagster_run: str | None = None


@dataclass(frozen=True)
class WayBackLedger:
    """Rows of kb.generations, kb.alias_moves and kb.generation_pins that a way back touches."""

    database: LedgerDatabase
    workspace: str
    fences: AgentFences

    def previous(self, agent: str, before: int, *, past_ends: bool = False) -> Generation | None:
        """Return what was live before that number, skipping what was gone back from.

        What was withdrawn or ended on purpose since is none, unless that is asked for.
        """
        found = self.database.one(
            "previous_generation", workspace=self.workspace, agent=agent, before=before,
            past_ends=past_ends,
        )  # fmt: skip
        return generation_of(found)

    def last_served(self, agent: str) -> Generation | None:
        """Return what an agent that is served no more served last, while it is kept."""
        newest = 2**31 - 1
        return self.previous(agent, newest, past_ends=True)

    def numbered(self, agent: str, number: int) -> Generation:
        """Return a generation of an agent by its number, or say which there are."""
        found = generation_of(
            self.database.one(
                "generation_by_number", workspace=self.workspace, agent=agent, number=number
            )
        )
        if found is None:
            raise BadInput(
                f"there is no generation {number}", where=agent,
                cure=f"choose of `kb generations {agent}`",
            )  # fmt: skip
        return found

    def begun(self, agent: str) -> Row | None:
        """Return the incident of a way back that did not end."""
        return self.database.one("begun_rollback", workspace=self.workspace, agent=agent)

    def ended(self, incident: int) -> None:
        """Say in its incident that a way back is at its end, or was given up for another."""
        self.database.run("end_rollback", workspace=self.workspace, incident=incident)

    def go_back(self, way: Return) -> Generation:
        """End what is live and make the target live again: one transaction."""
        agent, number = way.target.agent_id, way.target.number
        collection = collection_name(self.workspace, agent, way.colour)
        after = f" in place of generation {way.live.number}" if way.live else ""
        back = f"live again{after}: {way.reason}"
        with self.database.transaction() as connection:
            self.fences.check(connection, agent)
            ended = _end_live(connection, way)
            revived = one(
                connection, "revive_generation", generation=way.target.generation_id,
                colour=way.colour, collection=collection, reason=back,
            )  # fmt: skip
            if revived is None:
                raise _overtaken(way)
            run(
                connection, "keep_alias_move", workspace=self.workspace, agent=agent,
                generation=way.target.generation_id, dagster_run=way.dagster_run, moved_by=way.by,
                **{"from": ended, "to": collection}, reason=back,
            )  # fmt: skip
            run(
                connection, "supersede_generations", workspace=self.workspace, agent=agent,
                keep=None, reason=f"rolled back to generation {number}",
            )  # fmt: skip
        return Generation.model_validate({**revived, "run_id": _text(revived["run_id"])})

    def history(self, agents: Sequence[str], limit: int) -> list[Row]:
        """Generations of an agent and of its former names, with the runs that made them."""
        return self.database.rows(
            "history", workspace=self.workspace, agents=list(agents), limit=limit
        )

    def moves(self, agents: Sequence[str]) -> list[Row]:
        """Every move of the agents' aliases, newest first."""
        return self.database.rows(
            "alias_moves_of_agent", workspace=self.workspace, agents=list(agents), limit=MOVES
        )

    def pin(
        self, generation: Generation, holder: str, *, reason: str, ends_at: datetime | None
    ) -> None:
        """Keep a generation from retention for somebody."""
        pinned = self.database.one(
            "pin_generation", generation=generation.generation_id, holder=holder, reason=reason,
            ends_at=ends_at,
        )  # fmt: skip
        if pinned is None:
            raise BadInput(
                f"of generation {generation.number} only its history is kept",
                where=generation.agent_id, cure="pin one whose chunks are still there",
            )  # fmt: skip

    def unpin(self, generation: Generation, holder: str) -> bool:
        """End a pin; False when there was none."""
        gone = self.database.one(
            "unpin_generation", generation=generation.generation_id, holder=holder
        )
        return gone is not None

    def pins(self, agents: Sequence[str]) -> list[Row]:
        """Pins that hold now."""
        return self.database.rows("pins_of_agent", workspace=self.workspace, agents=list(agents))


def _end_live(connection: Connection, way: Return) -> str | None:
    """End what is live; returns the collection that it was served from."""
    if way.live is None:
        return None
    ended = one(
        connection, "end_live_generation", generation=way.live.generation_id,
        state=way.ends_as, reason=f"rolled back to {way.target.number}: {way.reason}",
    )  # fmt: skip
    if ended is None:
        raise _overtaken(way)
    if way.ends_as == "failed":
        run(connection, "fail_run_of_generation", run=way.live.run_id, reason=way.reason)
    return ended["collection"]


def _overtaken(way: Return) -> GateRefused:
    return GateRefused(
        f"generation {way.target.number} cannot follow what was live any more",
        where=way.target.agent_id,
        cure=f"look at `kb generations {way.target.agent_id}`: something else went live",
    )


def generation_of(row: Row | None) -> Generation | None:
    """Read a row; Postgres gives a UUID where the model has text."""
    return Generation.model_validate({**row, "run_id": _text(row["run_id"])}) if row else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
