"""Agents that ended and agents that were renamed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dagster_kb.resources.ledger_database import LedgerDatabase, Row, one, rows, run
from dagster_kb.resources.ledger_fences import AgentFences


@dataclass(frozen=True)
class AtRest:
    """An agent that is not served any more, and whose collections are still there."""

    agent: str
    reason: str
    ended_at: datetime
    over: bool
    """Whether its grace has passed."""
    withdrawn: bool = False
    """Whether its folder is there, and nothing of it is published."""


@dataclass(frozen=True)
class NameLedger:
    """Rows of kb.retirements and kb.agent_names."""

    database: LedgerDatabase
    workspace: str
    fences: AgentFences

    def end(self, agent: str, reason: str) -> None:
        """Nothing of the agent is live or staged any more; its colours stay for a grace.

        What waited for its source waits no longer: nothing of it is in git under this name.
        """
        who = {"workspace": self.workspace, "agent": agent}
        with self.database.transaction() as connection:
            self.fences.check(connection, agent)
            old = one(connection, "retire_live", **who, reason=reason)
            run(connection, "supersede_generations", **who, keep=None, reason=reason)
            run(connection, "end_of_agent", **who, reason=reason, withdrawn=False)
            for statement in ("end_begun_rollbacks", "settle_all_tombstones"):
                run(connection, statement, **who)
            for statement in ("close_settled_incidents", "close_incidents_of_runs"):
                run(connection, statement, **who, by="writer")
            run(
                connection, "keep_alias_move", **who, generation=old and old["generation_id"],
                **{"from": old and old["collection"], "to": None}, dagster_run=None,
                moved_by="writer", reason=reason,
            )  # fmt: skip

    def at_rest(self, grace_hours: int) -> list[AtRest]:
        """Every agent that ended and was not dropped yet."""
        found = self.database.rows("agents_at_rest", workspace=self.workspace, hours=grace_hours)
        return [AtRest(row["agent_id"], row["reason"], row["ended_at"], row["over"], row["withdrawn"])
                for row in found]  # fmt: skip

    def dropped(self, agent: str) -> None:
        """Say that nothing of an ended agent is left but its history."""
        who = {"workspace": self.workspace, "agent": agent}
        with self.database.transaction() as connection:
            self.fences.check(connection, agent)
            run(connection, "forget_colours", **who)
            run(connection, "agent_dropped", **who)

    def renamed(self, former: str, agent: str, git_sha: str) -> None:
        """Keep that a folder goes on under another name; what people did to it holds there too."""
        which = {"workspace": self.workspace, "former": former, "agent": agent}
        with self.database.transaction() as connection:
            # A deletion by hand that is under way in the former name is waited for, and handed on.
            run(connection, "lock_staging", key=f"stage:{self.workspace}:{former}")
            run(connection, "keep_agent_name", **which, git_sha=git_sha)
            run(connection, "hand_on_tombstones", **which)
            run(connection, "hand_on_buried_chunks", **which)
            run(connection, "hand_on_pause", **which)

    def successor(self, former: str) -> Row | None:
        """Return the name that a folder goes on under."""
        return self.database.one("agent_name", workspace=self.workspace, agent=former)

    def line(self, agent: str) -> list[str]:
        """Return the agent with every name that its folder had before or has now."""
        found = self.database.rows("line_of_agent", workspace=self.workspace, agent=agent)
        return [str(row["agent_id"]) for row in found]

    def after(self, agent: str) -> list[str]:
        """Return the agent and what its folder was called after, in that order."""
        found = self.database.rows("names_after", workspace=self.workspace, agent=agent)
        return [str(row["agent_id"]) for row in found]

    def now(self, agent: str) -> str:
        """Return what the agent's folder is called now."""
        row = self.database.one("name_now", workspace=self.workspace, agent=agent)
        return str(row["agent_id"]) if row else agent

    def renamed_long_ago(self, former: str, grace_hours: int) -> bool:
        """Whether the grace of a former name has passed since its folder was renamed."""
        row = self.database.one(
            "renamed_long_ago", workspace=self.workspace, agent=former, hours=grace_hours
        )
        return row is not None

    def forget(self, former: str) -> None:
        """A folder of that name is there again: it is an agent of its own."""
        self.database.run("forget_agent_name", workspace=self.workspace, agent=former)

    def forget_taken_back(self, there: Iterable[str]) -> None:
        """Of folders that are there, forget other names that are not theirs any more."""
        who, present = {"workspace": self.workspace}, sorted(there)
        with self.database.transaction() as connection:
            for row in rows(connection, "forget_names_taken_back", **who, there=present):
                if row["agent_id"] not in present:
                    gone = {"former": row["former"], "agent": row["agent_id"]}
                    run(connection, "take_back_pause", **who, **gone)

    def former(self, agent: str) -> list[Row]:
        """Names that the agent had before, the newest first."""
        return self.database.rows("former_names", workspace=self.workspace, agent=agent)

    def to_serve(self, agent: str) -> list[str]:
        """Former names whose aliases still follow the agent."""
        found = self.database.rows("names_to_serve", workspace=self.workspace, agent=agent)
        return [str(row["former"]) for row in found]
