"""A day of sensors: a repository, their ledger, and an instance that keeps the runs that they ask for."""

from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent
from pydantic import SecretStr

from dagster_kb.definitions import build_definitions, folder_of, ledger_of
from dagster_kb.settings import WriterSettings
from dagster_kb.triggers.knowledge_tick import REFRESH
from tests.doubles.dagster_in_memory import instance_in_memory
from tests.doubles.git_repository import GitRepository
from tests.doubles.hash_embedder import HashEmbedder

Status = dg.DagsterRunStatus


class Day:
    """A repository, real sensors, a real ledger, and an instance that keeps the runs asked for."""

    def __init__(self, folder: Path, database_url: str, **more: Any) -> None:
        self.repository = GitRepository(folder / "repo")
        (self.repository.root / "knowledge").mkdir(exist_ok=True)
        given: dict[str, Any] = {"knowledge_dir": self.repository.root / "knowledge", **more}
        self.settings = WriterSettings(
            database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1",
            kb_home=folder / "home", **given,
        )  # fmt: skip
        self.ledger = ledger_of(self.settings)
        self.definitions = build_definitions(self.settings, embedder=HashEmbedder())
        self.instance = instance_in_memory()
        self.cursor: str | None = None
        self.said = ""

    def commit(self, files: dict[str, str]) -> str:
        self.repository.write({f"knowledge/{name}": text for name, text in files.items()})
        return self.repository.commit()

    def look(self, name: str = "knowledge_changes", *, crash: bool = False) -> list[dg.RunRequest]:
        """Evaluate a sensor; the runs that are new are kept as the daemon keeps them."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor,
            resources={"folder": folder_of(self.settings), "ledger": self.ledger},
        )  # fmt: skip
        result = self.definitions.get_sensor_def(name)(context)
        if isinstance(result, dg.SkipReason):
            self.said = result.skip_message or ""
            return []
        assert isinstance(result, dg.SensorResult)
        self.said = result.skip_reason.skip_message or "" if result.skip_reason else ""
        if name == "knowledge_changes" and not crash:
            self.cursor = result.cursor or self.cursor
        for one in result.dynamic_partitions_requests or []:
            assert isinstance(one, dg.AddDynamicPartitionsRequest)
            self.instance.add_dynamic_partitions("agents", one.partition_keys)
        return [one for one in result.run_requests or [] if self._keep(one)]

    def _keep(self, one: dg.RunRequest) -> bool:
        key = {"dagster/run_key": str(one.run_key)}
        if self.instance.get_runs(dg.RunsFilter(tags=key)):
            return False
        where = {"dagster/partition": one.partition_key} if one.partition_key else {}
        self.instance.add_run(dg.DagsterRun(
            job_name=one.job_name or REFRESH, run_id=dg._core.utils.make_new_run_id(),
            tags={**one.tags, **key, **where}, status=Status.STARTED, run_config=one.run_config,
        ))  # fmt: skip
        return True

    def end(self, status: dg.DagsterRunStatus, **tags: str) -> None:
        """Every run that is not over ends so."""
        over = [Status.SUCCESS, Status.FAILURE]
        for one in self.instance.get_runs():
            if one.status not in over:
                event = "PIPELINE_SUCCESS" if status is Status.SUCCESS else "PIPELINE_FAILURE"
                self.instance.report_dagster_event(
                    DagsterEvent(event, one.job_name, message="it ended"), one.run_id
                )
                if tags:
                    self.instance.add_run_tags(one.run_id, tags)

    def push(self, sha: str, delivery: str = "github:1", *, age: float = 0) -> None:
        with self.ledger.database.transaction() as connection:
            connection.execute(
                "insert into ops.pushes (delivery_id, provider, repository, ref, after_sha, pusher,"
                " received_at) values (%s, 'github', 'a/b', 'refs/heads/main', %s, 'ann',"
                " now() - make_interval(secs => %s))",
                (delivery, sha, age),
            )

    def row(self, delivery: str) -> dict[str, Any]:
        with self.ledger.database.transaction() as connection:
            found = connection.execute(
                "select * from ops.pushes where delivery_id = %s", (delivery,)
            ).fetchone()
        assert found is not None
        return found

    def close(self) -> None:
        self.instance.dispose()
        self.ledger.database.close()


def agents(requests: list[dg.RunRequest]) -> list[str]:
    return [one.tags["kb/agent"] for one in requests]
