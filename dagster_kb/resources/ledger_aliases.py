"""What each colour is known to hold, and which generation is served."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from dagster_kb.resources.ledger_database import LedgerDatabase, Row, one, run
from dagster_kb.resources.ledger_fences import AgentFences
from kb_contract.errors import GateRefused
from kb_contract.generation import Generation
from kb_contract.identifiers import Colour, collection_name


@dataclass(frozen=True)
class Seal:
    """What was found when a colour was looked at, and the stamp that the collection has since."""

    stamp: str
    verified_at: datetime | None
    """When every point of it was last looked at; None: just now."""
    facts: dict[str, Any]


@dataclass(frozen=True)
class AliasLedger:
    """Rows of kb.colours and kb.alias_moves, and the step from checked to live.

    What changes them runs under the agent's lock, and shows it.
    """

    database: LedgerDatabase
    workspace: str
    fences: AgentFences

    def colour(self, agent: str, colour: Colour) -> Row | None:
        """What a colour is known to hold, with the space of its vectors."""
        return self.database.one("colour", workspace=self.workspace, agent=agent, colour=colour)

    def colours(self, agent: str) -> list[Row]:
        return self.database.rows("colours", workspace=self.workspace, agent=agent)

    def mark(
        self, generation: Generation, colour: Colour, state: Literal["writing", "clean"],
        seal: Seal | None = None,
    ) -> None:  # fmt: skip
        """Say that a colour is being written for a generation, or that it holds it."""
        where = {"colour": colour,
                 "collection": collection_name(self.workspace, generation.agent_id, colour)}  # fmt: skip
        with self.database.transaction() as connection:
            self.fences.check(connection, generation.agent_id)
            run(
                connection, "keep_colour", workspace=self.workspace, agent=generation.agent_id,
                **where, state=state, generation=generation.generation_id,
                chunk_count=generation.chunks, ids_digest=generation.manifest_digest or "",
                stamp=seal and seal.stamp, verified_at=seal and seal.verified_at,
                audit=Jsonb(seal.facts if seal else {}),
            )  # fmt: skip
            if state == "clean":
                run(connection, "place_generation", generation=generation.generation_id, **where)

    def doubt(self, generation: Generation) -> None:
        """Forget what is known of the colour that holds this generation: it is made anew."""
        self.database.run(
            "doubt_colour", workspace=self.workspace, agent=generation.agent_id,
            generation=generation.generation_id, colour=generation.colour,
        )  # fmt: skip

    def go_live(
        self, generation: Generation, dagster_run: str, status: str, summary: str | None
    ) -> None:
        """Retire what was live and make this live: one transaction."""
        who = {"workspace": self.workspace, "agent": generation.agent_id}
        with self.database.transaction() as connection:
            self.fences.check(connection, generation.agent_id)
            old = one(connection, "retire_live", **who, reason=None)
            run(connection, "end_begun_rollbacks", **who)
            if one(connection, "go_live", generation=generation.generation_id) is None:
                raise GateRefused(
                    f"generation {generation.number} is no longer the one to publish",
                    where=generation.agent_id,
                    cure="a newer one was staged meanwhile; look at `kb generations`",
                )
            run(
                connection, "keep_alias_move", **who, generation=generation.generation_id,
                **{"from": old and old["collection"], "to": generation.collection},
                dagster_run=dagster_run, moved_by="writer",
                reason=f"generation {generation.number} passed its checks",
            )  # fmt: skip
            run(
                connection, "finish_run",
                run=generation.run_id, status=status, error_summary=summary,
            )  # fmt: skip

    def moved(
        self,
        agent: str,
        to: str | None,
        *,
        moved_by: str,
        reason: str,
        generation_id: int | None = None,
    ) -> None:
        """Keep a move that no new generation caused."""
        with self.database.transaction() as connection:
            self.fences.check(connection, agent)
            run(
                connection, "keep_alias_move", workspace=self.workspace, agent=agent,
                generation=generation_id, **{"from": None, "to": to}, dagster_run=None,
                moved_by=moved_by, reason=reason,
            )  # fmt: skip

    def withdraw(self, generation: Generation, dagster_run: str, reason: str) -> None:
        """Nothing is live any more, and this generation, which is empty, is why.

        What it was made of rests for a grace, as that of an agent whose folder is gone.
        """
        who = {"workspace": self.workspace, "agent": generation.agent_id}
        with self.database.transaction() as connection:
            self.fences.check(connection, generation.agent_id)
            ended = one(
                connection, "withdraw_generation",
                generation=generation.generation_id, reason=reason,
            )  # fmt: skip
            if ended is None:
                raise GateRefused(
                    f"generation {generation.number} is no longer the one to publish",
                    where=generation.agent_id,
                    cure="a newer one was staged meanwhile; look at `kb generations`",
                )
            old = one(connection, "retire_live", **who, reason=reason)
            run(connection, "end_begun_rollbacks", **who)
            run(connection, "end_of_agent", **who, reason=reason, withdrawn=True)
            run(
                connection, "keep_alias_move", **who, generation=generation.generation_id,
                **{"from": old and old["collection"], "to": None}, dagster_run=dagster_run,
                moved_by="writer", reason=reason,
            )  # fmt: skip
            run(
                connection, "finish_run",
                run=generation.run_id, status="DONE", error_summary=reason,
            )  # fmt: skip

    def retire(self, agent: str, reason: str) -> None:
        """Nothing of the agent is live or staged any more."""
        who = {"workspace": self.workspace, "agent": agent}
        with self.database.transaction() as connection:
            self.fences.check(connection, agent)
            old = one(connection, "retire_live", **who, reason=reason)
            run(connection, "supersede_generations", **who, keep=None, reason=reason)
            run(connection, "forget_colours", **who)
            run(
                connection, "keep_alias_move", **who, generation=old and old["generation_id"],
                **{"from": old and old["collection"], "to": None}, dagster_run=None,
                moved_by="writer", reason=reason,
            )  # fmt: skip
