"""A whole writer on real parts: a git repository, a ledger, a Qdrant, and a hashing embedder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dagster as dg
from pydantic import SecretStr

from dagster_kb.assets.documents import IngestRequest
from dagster_kb.definitions import build_definitions, folder_of
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.origins import PAUSED, SKIPPED
from dagster_kb.publishing.alias_moves import retire
from dagster_kb.resources.ledger import Ledger, open_ledger
from dagster_kb.resources.vector_store import Point, VectorStore
from dagster_kb.settings import WriterSettings
from dagster_kb.telemetry import FOR_MACHINES
from dagster_kb.triggers.automation import REFRESH
from kb_contract.generation import Generation
from kb_contract.identifiers import DEFAULT_WORKSPACE, production_alias
from tests.doubles.dagster_in_memory import instance_in_memory
from tests.doubles.git_repository import GitRepository
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.warm_children import warm_children

QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


@dataclass(frozen=True)
class CountingStore(VectorStore):
    """The real store; it remembers what was written, deleted, looked at, and read whole."""

    written: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)

    def some(self, collection: str, chunk_ids: Sequence[str], *, payloads: bool) -> Any:
        self.looked_at.extend(chunk_ids)
        return super().some(collection, chunk_ids, payloads=payloads)

    def write(self, collection: str, points: Sequence[Point]) -> None:
        super().write(collection, points)
        self.written.extend(one.chunk_id for one in points)

    def delete(self, collection: str, chunk_ids: Sequence[str]) -> None:
        super().delete(collection, chunk_ids)
        self.deleted.extend(chunk_ids)

    def points(self, collection: str, *, payloads: bool) -> Any:
        self.reads.append(collection)
        return super().points(collection, payloads=payloads)


class WriterWorld:
    """Commit, ingest, and look at what is served."""

    def __init__(
        self, repository: GitRepository, database_url: str, qdrant_url: str, agent: str,
        workspace: str = DEFAULT_WORKSPACE, parsing: ParsingChildren | None = None,
        embedder: HashEmbedder | None = None, store: CountingStore | None = None, **settings: Any,
    ) -> None:  # fmt: skip
        (repository.root / "knowledge").mkdir(exist_ok=True)
        self.repository = repository
        self.agent = agent
        self.settings = WriterSettings(
            database_url=SecretStr(database_url),
            qdrant_url=qdrant_url,
            knowledge_dir=repository.root / "knowledge",
            workspace_id=workspace,
            **{"chunk_tokens": 40, **settings},
        )
        self.embedder = embedder or HashEmbedder()
        self.store = store or CountingStore(qdrant_url)
        self.ledger: Ledger = open_ledger(database_url, workspace)
        self.instance = instance_in_memory()
        self.definitions = build_definitions(
            self.settings, embedder=self.embedder, store=self.store, ledger=self.ledger,
            parsing=parsing or warm_children(),
        )  # fmt: skip

    @property
    def looked_with(self) -> dict[str, Any]:
        """What sensors look with."""
        return {"folder": folder_of(self.settings), "ledger": self.ledger}

    def write(self, files: Mapping[str, str | bytes], agent: str | None = None) -> None:
        """Write files of the agent's folder."""
        folder = f"knowledge/{agent or self.agent}"
        self.repository.write({f"{folder}/{name}": text for name, text in files.items()})

    def path(self, name: str) -> str:
        return f"knowledge/{self.agent}/{name}"

    def commit(self, files: Mapping[str, str | bytes] | None = None) -> str:
        self.write(files or {})
        return self.repository.commit()

    def ingest(self, agent: str | None = None, *, only: Sequence[str] = (), **request: Any) -> Any:
        """Run the job for one agent in this process; nothing is raised."""
        agent = agent or self.agent
        self.instance.add_dynamic_partitions("agents", [agent])
        self.forget_counts()
        whole = not only or "parsed_documents" in only
        config = dg.RunConfig(
            {"parsed_documents": IngestRequest(**request)} if whole else {}, loggers=QUIET
        )
        return self.definitions.resolve_job_def(REFRESH).execute_in_process(
            partition_key=agent,
            instance=self.instance,
            raise_on_error=False,
            run_config=config,
            asset_selection=[dg.AssetKey(one) for one in only] or None,
        )

    def waits(self, agent: str | None = None, **request: Any) -> bool:
        """Run the job for an agent that may be paused; say whether nothing was built because it is."""
        ran = self.ingest(agent, **request)
        run = self.instance.get_run_by_id(ran.run_id)
        assert run
        return ran.success and run.tags.get(SKIPPED) == PAUSED

    def publish(self, files: Mapping[str, str | bytes] | None = None) -> Generation:
        """Commit and ingest; it must go live."""
        self.commit(files)
        result = self.ingest()
        assert result.success, why(result)
        return self.live()

    def forget_counts(self) -> None:
        store = self.store
        for one in (
            store.written, store.deleted, store.reads, store.looked_at, self.embedder.texts,
            self.embedder.warmed, self.embedder.questions,
        ):  # fmt: skip
            one.clear()

    def live(self) -> Generation:
        live = self.ledger.generations.live(self.agent)
        assert live is not None
        return live

    def served(self) -> dict[str, dict[str, Any]]:
        """Everything behind the alias: payload by id."""
        alias = production_alias(self.settings.workspace_id, self.agent)
        return {one.chunk_id: dict(one.payload)
                for one in VectorStore.points(self.store, alias, payloads=True)}  # fmt: skip

    def served_texts(self) -> set[str]:
        return {payload["text_chunk"] for payload in self.served().values()}

    def count(self, table: str) -> int:
        with self.ledger.database.transaction() as connection:
            row = connection.execute(f"select count(*) as n from kb.{table}").fetchone()  # noqa: S608
        return row["n"] if row else 0

    def close(self) -> None:
        for agent in self.ledger.generations.known_agents():
            retire(self.ledger, self.store, agent, "the test is over")
        self.store.client.close()
        self.ledger.database.close()
        self.instance.dispose()


def why(result: Any) -> str:
    """Say why a run failed."""
    return "\n".join(
        f"{event.step_key}: {event.event_specific_data.error_display_string}"
        for event in result.all_events
        if event.is_step_failure
    ) or str([event.message for event in result.all_events if event.is_failure])


def failures(result: Any) -> dict[str, str]:
    """Steps that failed, with what they said."""
    return {
        event.step_key: event.event_specific_data.error_display_string
        for event in result.all_events
        if event.is_step_failure
    }


def log_lines(world: WriterWorld, run_id: str) -> list[dict[str, Any]]:
    """What our code said in a run's log, as machines read it."""
    said = [one.user_message.partition(FOR_MACHINES)[2] for one in world.instance.all_logs(run_id)]
    return [json.loads(one) for one in said if one.startswith('{"event"')]


def metadata(result: Any, asset: str) -> dict[str, Any]:
    """What an asset told."""
    found = [event.materialization.metadata
             for event in result.get_asset_materialization_events()
             if event.asset_key == dg.AssetKey(asset)]  # fmt: skip
    return {name: value.value for name, value in found[-1].items()}


def linked_asset(world: WriterWorld, shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow the links of a passage: to the asset, its partition, and what that very run told of it."""
    asset = urlsplit(shown["asset_url"])
    [partition] = parse_qs(asset.query)["partition"]
    wanted = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey(asset.path.removeprefix("/assets/")), asset_partitions=[partition]
    )
    records = world.instance.fetch_materializations(wanted, limit=10).records
    [made] = [one for one in records if shown["run_url"].endswith(f"/runs/{one.run_id}")]
    assert made.asset_materialization is not None
    return made.asset_materialization.metadata
