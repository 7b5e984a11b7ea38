"""Pipeline runs and generations: staged, checked, live, retired, failed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg.types.json import Jsonb

from dagster_kb.resources.ledger_database import Connection, LedgerDatabase, Row, one, run, run_many
from kb_contract.calibration import OwnQuestions
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.generation import Generation
from kb_contract.identifiers import sha256_json

# No model reads documents yet; the profile is part of what makes two runs the same run.
LLM_PROFILE: Final = "none"
PROMPT_NAME: Final = "none"


@dataclass(frozen=True)
class Intent:
    """What a generation is to be made of."""

    agent: str
    git_sha: str
    tree_sha: str
    uncommitted: bool
    manifest: Mapping[str, Any]
    golden: Mapping[str, Any]
    instructions: str
    reader: str
    space: EmbeddingSpace

    @property
    def config_digest(self) -> str:
        """All but the documents: settings of the agent and the way of reading."""
        return sha256_json([dict(self.manifest), dict(self.golden), self.instructions, self.reader])

    def is_what(self, generation: Generation) -> bool:
        """Whether that generation is already made of exactly this."""
        now_committed = generation.uncommitted and not self.uncommitted
        return (
            not now_committed
            and generation.tree_sha == self.tree_sha
            and generation.config_digest == self.config_digest
            and generation.space == self.space.model_dump(mode="json")
        )


@dataclass(frozen=True)
class Staged:
    """What a run works on, and how it came to it."""

    generation: Generation
    how: str
    """`new`, `resumed`, or `unchanged` (it is live already, or withdrawn as empty)."""


@dataclass(frozen=True)
class GenerationLedger:
    """Rows of kb.pipeline_runs and kb.generations."""

    database: LedgerDatabase
    workspace: str

    def stage(
        self, intent: Intent, dagster_run: str, *, force: bool = False, served: bool = True
    ) -> Staged:
        """Return the live generation when it is the same, an unfinished one, or a new one.

        `served` says whether the live one really is; `force` makes a new one in any case.
        """
        with self.database.transaction() as connection:
            key = f"stage:{self.workspace}:{intent.agent}"
            run(connection, "lock_staging", key=key)
            found = None if force else self._find(connection, intent, dagster_run, served=served)
            staged = found or Staged(self._insert(connection, intent, dagster_run), "new")
            kept = staged.generation
            run(
                connection, "supersede_generations", workspace=self.workspace, agent=intent.agent,
                keep=kept.generation_id, reason=f"superseded by generation {kept.number}",
            )  # fmt: skip
            run(
                connection, "bind_dagster_run",
                dagster_run=dagster_run, generation=kept.generation_id,
            )  # fmt: skip
            return staged

    def _find(
        self, connection: Connection, intent: Intent, dagster_run: str, *, served: bool
    ) -> Staged | None:
        who = {"workspace": self.workspace, "agent": intent.agent}
        live = _generation(one(connection, "live_generation", **who))
        if live and served and intent.is_what(live):
            return Staged(live, "unchanged")
        newest = None if live else _generation(one(connection, "newest_generation", **who))
        if newest and newest.state == "retired" and not newest.chunks and intent.is_what(newest):
            return Staged(newest, "unchanged")
        unfinished = one(
            connection, "unfinished_generation", **who, **_profiles(intent),
            tree_sha=intent.tree_sha, config_digest=intent.config_digest,
        )  # fmt: skip
        if unfinished is None:
            return None
        taken = one(
            connection, "take_over_generation",
            generation=unfinished["generation_id"], dagster_run=dagster_run,
        )  # fmt: skip
        return Staged(Generation.model_validate(_texts(taken)), "resumed")

    def _insert(self, connection: Connection, intent: Intent, dagster_run: str) -> Generation:
        run_id = uuid.uuid4()
        who = {"workspace": self.workspace, "agent": intent.agent, "dagster_run": dagster_run}
        run(connection, "start_run", run=run_id, **who, **_profiles(intent))
        row = one(
            connection, "stage_generation", run=run_id, **who,
            git_sha=intent.git_sha, tree_sha=intent.tree_sha, uncommitted=intent.uncommitted,
            manifest=Jsonb(dict(intent.manifest)), golden=Jsonb(dict(intent.golden)),
            instructions=intent.instructions, config_digest=intent.config_digest,
            space=Jsonb(intent.space.model_dump(mode="json")),
        )  # fmt: skip
        return Generation.model_validate(_texts(row))

    def refuse(
        self, agent: str, git_sha: str, space: EmbeddingSpace, dagster_run: str, reason: str
    ) -> None:
        """Record a run that could not even begin: the agent's own files are broken."""
        profiles = {"git_sha": git_sha, "embed_profile": space.space_id}
        with self.database.transaction() as connection:
            run_id = uuid.uuid4()
            run(
                connection, "start_run", run=run_id, workspace=self.workspace, agent=agent,
                dagster_run=dagster_run, llm_profile=LLM_PROFILE, prompt_name=PROMPT_NAME,
                **profiles,
            )  # fmt: skip
            run(connection, "finish_run", run=run_id, status="FAILED", error_summary=reason)

    def of_run(self, agent: str, dagster_run: str) -> Generation | None:
        """Return what this Dagster run works on.

        A part run alone takes the agent's newest, or what is live where that is served no more.
        """
        bound = self.database.one(
            "generation_of_dagster_run", dagster_run=dagster_run, workspace=self.workspace
        )
        if bound is None or bound["agent_id"] != agent:
            bound = self.database.one("newest_generation", workspace=self.workspace, agent=agent)
            if bound and bound["state"] == "retired":
                # Something older went live again: what runs alone is about that.
                who = {"workspace": self.workspace, "agent": agent}
                bound = self.database.one("live_generation", **who) or bound
        return _generation(bound)

    def of_dagster_run(self, dagster_run: str) -> Generation | None:
        """Return what this Dagster run works on; None when it staged nothing."""
        return _generation(
            self.database.one(
                "generation_of_dagster_run", dagster_run=dagster_run, workspace=self.workspace
            )
        )

    def by_id(self, generation_id: int) -> Generation:
        return Generation.model_validate(
            _texts(self.database.one("generation", generation=generation_id))
        )

    def live(self, agent: str) -> Generation | None:
        return _generation(
            self.database.one("live_generation", workspace=self.workspace, agent=agent)
        )

    def unfinished(self, agent: str) -> list[Generation]:
        """Generations that a run may be building."""
        return [one for one in self.latest(agent) if one.state in ("staged", "checked")]

    def all_live(self) -> list[Generation]:
        found = self.database.rows("live_generations", workspace=self.workspace)
        return [Generation.model_validate(_texts(row)) for row in found]

    def latest(self, agent: str, limit: int = 20) -> list[Generation]:
        found = self.database.rows(
            "generations", workspace=self.workspace, agent=agent, limit=limit
        )
        return [Generation.model_validate(_texts(row)) for row in found]

    def golden(self, generation_id: int) -> Mapping[str, Any]:
        row = self.database.one("generation", generation=generation_id)
        return row["golden"] if row else {}

    def known_agents(self) -> list[str]:
        return [
            row["agent_id"] for row in self.database.rows("known_agents", workspace=self.workspace)
        ]

    def record_checks(
        self, generation_id: int, found: Mapping[str, Mapping[str, Any]], *, gates: int
    ) -> None:
        """Keep what gates found; one that refuses fails the generation and its run."""
        said: list[Row] = [
            {
                "generation": generation_id, "name": name, "gates": gates,
                "passed": not verdict["refuses"], "verdict": Jsonb(dict(verdict)),
                "reason": f"{name}: {verdict['description']}",
            }
            for name, verdict in found.items()
        ]  # fmt: skip
        with self.database.transaction() as connection:
            run_many(connection, "record_check", said)
            row = one(connection, "generation", generation=generation_id)
            if row and row["state"] == "failed" and row["run_id"]:
                run(
                    connection, "finish_run", run=row["run_id"], status="FAILED",
                    error_summary=row["reason"],
                )  # fmt: skip

    def keep_own_questions(self, generation_id: int, own: OwnQuestions) -> None:
        """Keep what a generation says to questions of its own."""
        self.database.run(
            "keep_own_questions", generation=generation_id, own=Jsonb(own.model_dump())
        )

    def fail(self, generation: Generation, reason: str) -> None:
        """Give a generation up, and its run with it."""
        with self.database.transaction() as connection:
            run(
                connection, "fail_generation",
                generation=generation.generation_id, reason=reason,
            )  # fmt: skip
            run(
                connection, "finish_run",
                run=generation.run_id, status="FAILED", error_summary=reason,
            )  # fmt: skip

    def fail_dagster_run(self, dagster_run: str, reason: str) -> None:
        """Give up what a failed Dagster run still holds."""
        values = {"dagster_run": dagster_run, "workspace": self.workspace, "reason": reason}
        with self.database.transaction() as connection:
            run(connection, "fail_generation_of_dagster_run", **values)
            run(connection, "fail_run_of_dagster_run", **values)

    def pipeline_run(self, dagster_run: str) -> Row | None:
        return self.database.one("run_of_dagster_run", dagster_run=dagster_run)

    def pipeline_run_of(self, generation: Generation) -> Row | None:
        """Return the run that made it."""
        return self.database.one("run", run=generation.run_id)

    def pipeline_runs(self, agent: str, limit: int = 1) -> list[Row]:
        return self.database.rows(
            "runs_of_agent", workspace=self.workspace, agent=agent, limit=limit
        )

    def last_ended_run(self, agent: str) -> Row | None:
        return self.database.one("last_ended_run", workspace=self.workspace, agent=agent)


def _profiles(intent: Intent) -> dict[str, str]:
    return {
        "git_sha": intent.git_sha,
        "embed_profile": intent.space.space_id,
        "llm_profile": LLM_PROFILE,
        "prompt_name": PROMPT_NAME,
    }


def _generation(row: Row | None) -> Generation | None:
    return Generation.model_validate(_texts(row)) if row else None


def _texts(row: Row | None) -> Row | None:
    """Generation's run_id is text; Postgres gives a UUID."""
    return {**row, "run_id": str(row["run_id"])} if row and row.get("run_id") else row
