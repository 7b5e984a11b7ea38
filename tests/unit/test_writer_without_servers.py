"""Dagster shows the writer where no server is set; what needs one says which setting is missing."""

from pathlib import Path

import dagster as dg
import pytest

from dagster_kb.definitions import build_definitions, ledger_of, store_of
from dagster_kb.settings import WriterSettings, load_settings
from dagster_kb.triggers.automation import REFRESH
from kb_contract.errors import BadSetting
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import QUIET, failures


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
