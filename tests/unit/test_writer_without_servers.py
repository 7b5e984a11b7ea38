"""Dagster shows the writer where no server is set; what needs one says which setting is missing."""

from pathlib import Path

import dagster as dg
import psycopg
import pytest
from pydantic import SecretStr

from dagster_kb.definitions import build_definitions, ledger_of, store_of
from dagster_kb.resources.ledger import Ledger
from dagster_kb.settings import WriterSettings, load_settings
from dagster_kb.triggers.automation import REFRESH
from dagster_kb.upkeep.looks import skips_what_is_away
from kb_contract.errors import BadSetting
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import QUIET, failures

NOBODY = "postgresql://postgres@127.0.0.1:1/postgres"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriterSettings:
    repository = GitRepository(tmp_path / "repo")
    repository.write({"knowledge/keys/keys.md": "# Keys\n\nWords of keys.\n"})
    repository.commit()
    for name in ("DATABASE_URL", "QDRANT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KNOWLEDGE_DIR", str(repository.root / "knowledge"))
    monkeypatch.chdir(tmp_path)  # where no `.env` lies
    return load_settings()


def test_definitions_load_and_a_run_says_what_is_not_set(settings: WriterSettings):
    made = build_definitions(settings)
    dg.Definitions.validate_loadable(made)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("agents", ["keys"])
        ran = made.resolve_job_def(REFRESH).execute_in_process(
            partition_key="keys", instance=instance, raise_on_error=False,
            run_config={"loggers": QUIET},
        )  # fmt: skip
    [(step, said)] = failures(ran).items()
    assert step == "parsed_documents"
    assert "DATABASE_URL is not set → set it, or run `kb up`" in said


def test_each_server_that_is_asked_says_so(settings: WriterSettings):
    ledger = ledger_of(settings)
    with pytest.raises(BadSetting, match="DATABASE_URL is not set"):
        ledger.generations.known_agents()
    with (
        pytest.raises(BadSetting, match="DATABASE_URL is not set"),
        ledger.database.session(),
    ):
        pass
    with pytest.raises(BadSetting, match="QDRANT_URL is not set"):
        store_of(settings).aliases()


def looked(settings: WriterSettings, sensor: str, ledger: Ledger) -> str | None:
    """What a look says, given the parts that Dagster would give it."""
    made = build_definitions(settings, ledger=ledger)
    resources = made.resources or {}
    look = made.get_sensor_def(sensor)
    with dg.DagsterInstance.ephemeral() as instance:
        given = {name: resources[name] for name in look.required_resource_keys}
        with dg.build_sensor_context(instance=instance, resources=given) as context:
            said = look(context)
    assert isinstance(said, dg.SkipReason)
    return said.skip_message


LOOKS = ("knowledge_changes", "approved_operations", "freshness")


@pytest.mark.parametrize("sensor", LOOKS)
def test_a_look_says_what_is_not_set(settings: WriterSettings, sensor: str):
    said = looked(settings, sensor, ledger_of(settings))
    assert "DATABASE_URL is not set → set it, or run `kb up`" in str(said)


@pytest.mark.parametrize("sensor", LOOKS)
def test_a_look_says_that_postgres_is_away_and_how_it_starts(settings: WriterSettings, sensor: str):
    ledger = ledger_of(settings.model_copy(update={"database_url": SecretStr(NOBODY)}))
    # A look waits as long as a run does for a Postgres that starts again.
    object.__setattr__(ledger.database, "patience", 0.1)
    said = looked(settings, sensor, ledger)
    assert "DATABASE_URL: Postgres is not reached" in str(said)
    assert "→ `kb up` starts it" in str(said)


def test_what_is_wrong_with_a_statement_is_no_outage():
    @skips_what_is_away
    def look() -> None:
        raise psycopg.errors.LockNotAvailable

    with pytest.raises(psycopg.errors.LockNotAvailable):
        look()
