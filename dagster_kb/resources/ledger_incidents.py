"""Incidents, and agents that nothing builds until a person says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from dagster_kb.resources.ledger_database import LedgerDatabase, Row, one, run
from kb_contract.errors import AgentPaused, BadInput

LISTED: Final = 200


@dataclass(frozen=True)
class IncidentLedger:
    """Rows of kb.incidents and kb.pauses."""

    database: LedgerDatabase
    workspace: str

    def open(  # noqa: PLR0913 - what an incident says
        self, agent: str, kind: str, summary: str, next_step: str, *,
        facts: Mapping[str, Any] | None = None, generation_id: int | None = None, by: str,
    ) -> int:  # fmt: skip
        """Open an incident and return its id; the same one told again is that one."""
        with self.database.transaction() as connection:
            run(connection, "lock_staging", key=f"incidents:{self.workspace}:{agent}")
            what = {"workspace": self.workspace, "agent": agent, "kind": kind, "summary": summary}
            told = {"next_step": next_step, "facts": Jsonb(dict(facts or {}))}
            if known := one(connection, "same_open_incident", **what):
                run(connection, "add_incident_facts", incident=known["incident_id"], **told)
                return int(known["incident_id"])
            kept = one(connection, "keep_incident", **what, **told, generation=generation_id, by=by)
            if kept is None:
                raise RuntimeError("Postgres kept no incident")
            return int(kept["incident_id"])

    def add_facts(self, incident_id: int, facts: Mapping[str, Any]) -> None:
        """Keep what was found out since."""
        self.database.run("add_facts", incident=incident_id, facts=Jsonb(dict(facts)))

    def close(self, incident_id: int, by: str, *, serve_the_rest: bool = False) -> Row:
        """Close an incident; a closed one stays as it was closed.

        Of a deletion by hand `serve_the_rest` says that what is left beside the deleted words may be
        served; without that word only a run that finds them gone from git closes it.
        """
        which = {"workspace": self.workspace, "incident": incident_id}
        with self.database.transaction() as connection:
            if serve_the_rest:
                run(connection, "serve_parts", **which)
            elif told := one(connection, "deletions_told_by", **which):
                raise _still_in_git(incident_id, told["path"])
            row = one(connection, "close_incident", **which, by=by)
            row = row or one(connection, "incident", **which)
        if row is None:
            raise BadInput(f"there is no incident {incident_id}", cure="choose of `kb incidents`")
        return row

    def open_of(self, kind: str) -> list[Row]:
        """Every open incident of a kind, with whose it is and its facts."""
        return self.database.rows("open_incidents_of_kind", workspace=self.workspace, kind=kind)

    def listed(self, agent: str | None = None, open_only: bool = True) -> list[Row]:  # noqa: FBT001, FBT002
        """Incidents, newest first."""
        return self.database.rows(
            "incidents", workspace=self.workspace, agent=agent, open_only=open_only, limit=LISTED
        )

    def agents_with(self, kind: str) -> set[str]:
        """Agents of which an incident of a kind is open."""
        return {str(one["agent_id"]) for one in self.listed() if one["kind"] == kind}

    def pause(self, agent: str, reason: str, by: str) -> None:
        """Let nothing build the agent; what is live stays live."""
        self.database.run(
            "pause_agent", workspace=self.workspace, agent=agent, reason=reason, by=by
        )

    def resume(self, agent: str, by: str) -> Row | None:
        """Let the agent be built again; returns the pause that ended, None when there was none."""
        return self.database.one("resume_agent", workspace=self.workspace, agent=agent, by=by)

    def paused(self, agent: str) -> Row | None:
        """Return the pause of an agent, if nothing may build it now."""
        return self.database.one("pause_of_agent", workspace=self.workspace, agent=agent)

    def all_paused(self) -> dict[str, Row]:
        """Every paused agent with its pause."""
        found = self.database.rows("pauses", workspace=self.workspace)
        return {str(row["agent_id"]): row for row in found}

    def resumed(self, since: datetime) -> dict[str, datetime]:
        """Agents whose pause ended since then, and when."""
        found = self.database.rows("resumed_since", workspace=self.workspace, since=since)
        return {str(row["agent_id"]): row["resumed_at"] for row in found}

    def refuse_if_paused(self, agent: str) -> None:
        """Refuse to build a paused agent, with the cure."""
        if pause := self.paused(agent):
            numbers = ", ".join(str(one["incident_id"]) for one in reversed(self.listed(agent)))
            raise AgentPaused(
                f"it is paused by {pause['paused_by']}: {pause['reason']}"
                + (f" (open incidents: {numbers})" if numbers else ""),
                where=agent, cure=f"see `kb incidents {agent}`; then `kb resume {agent}`",
            )  # fmt: skip


def _still_in_git(incident_id: int, path: str) -> BadInput:
    return BadInput(
        f"incident {incident_id} tells of words that were deleted by hand, and git still had them "
        "when it was last read",
        where=path,
        cure="take them out, commit and ingest: that run closes it. Where every private word is out "
        "of git and the rest of the passage may be read: "
        f"`kb incidents close {incident_id} --serve-the-rest`",
    )
