"""The examples of deploy/: sections that Dagster knows, and configuration that each library takes."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._core.instance.config import dagster_instance_config_schema
from pydantic import SecretStr

from dagster_kb.definitions import build_definitions
from dagster_kb.executors import executor_of
from dagster_kb.settings import WriterSettings
from kb.dagster_home import write_dagster_home
from kb_contract.errors import BadSetting

DEPLOY = Path(__file__).parents[2] / "deploy"
EXAMPLES = sorted(DEPLOY.glob("dagster-*.yaml"))
DATABASE = "postgresql://ann:very-secret@db.example:5432/scriptorium"


def sections(example: Path) -> dict[str, Any]:
    return yaml.safe_load(example.read_text("utf-8"))


def settings(**given: Any) -> WriterSettings:
    return WriterSettings(
        database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
        qdrant_url="http://127.0.0.1:1",
        **given,
    )


def test_there_is_one_for_each_launcher():
    assert [one.stem for one in EXAMPLES] == ["dagster-celery", "dagster-k8s", "dagster-ray"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.stem)
def test_dagster_knows_every_section_and_ours_stay(example: Path, tmp_path: Path):
    text = write_dagster_home(tmp_path, DATABASE, example).read_text()
    whole = yaml.safe_load(text)
    assert "very-secret" not in text
    assert whole["run_retries"] == {
        "enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False,
    }  # fmt: skip
    assert whole["run_launcher"] == sections(example)["run_launcher"]
    # Secrets and addresses come from the environment, which is not there: only shapes are looked at.
    shape = resolve_to_config_type(
        {name: field for name, field in dagster_instance_config_schema().items() if name in whole}
    )
    done = process_config(shape, {**whole, "storage": {"sqlite": {"base_dir": "x"}}})
    assert done.success, done.errors


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.stem)
def test_the_library_takes_the_launchers_configuration(
    example: Path, monkeypatch: pytest.MonkeyPatch
):
    launcher = sections(example)["run_launcher"]
    module = importlib.import_module(launcher["module"])
    for name in ("CELERY_BROKER", "CELERY_BACKEND", "RAY_ADDRESS"):
        monkeypatch.setenv(name, "redis://127.0.0.1:1/0")
    shape = resolve_to_config_type(getattr(module, launcher["class"]).config_type())
    done = process_config(shape, launcher["config"])
    assert done.success, done.errors


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.stem)
def test_one_agent_has_one_writer_whatever_launches_it(example: Path):
    runs = sections(example)["concurrency"]["runs"]
    limits = {one["key"]: one["limit"] for one in runs["tag_concurrency_limits"]}
    assert limits == {"dagster/partition": 1, "kb/agent": 1}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.stem)
def test_a_run_elsewhere_has_every_setting_that_its_sensor_had(example: Path):
    """Where names are listed all of them are; else the whole environment comes from one place."""
    config = sections(example)["run_launcher"]["config"]
    listed = config.get("ray", {}).get("env_vars")
    if listed is not None:
        ours = {name.upper() for name in WriterSettings.model_fields}
        assert ours - set(listed) == set()
    elif example.stem == "dagster-k8s":
        assert config["env_config_maps"]
        assert config["env_secrets"]
    else:
        assert "the environment of the writer" in example.read_text("utf-8")


def test_an_addition_that_is_none_is_refused(tmp_path: Path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("- a list")
    with pytest.raises(BadSetting, match="no mapping"):
        write_dagster_home(tmp_path, DATABASE, wrong)
    with pytest.raises(BadSetting, match="DAGSTER_YAML"):
        write_dagster_home(tmp_path, DATABASE, tmp_path / "not there.yaml")


def test_the_executor_is_a_setting():
    assert build_definitions(settings()).executor is executor_of("in_process", {})
    chosen = settings(kb_executor="multiprocess", kb_executor_config={"max_concurrent": 2})
    made = executor_of(chosen.kb_executor, chosen.kb_executor_config)
    assert made.name == "multiprocess"


def test_nothing_else_is_imported_because_of_a_setting():
    with pytest.raises(ValueError, match="kb_executor"):
        settings(kb_executor="os.system")


@pytest.mark.parametrize("name", ["celery", "k8s", "ray", "dask", "celery_k8s"])
def test_an_executor_of_a_library_that_is_not_there_says_what_to_install(name: Any):
    module = {"celery_k8s": "dagster_celery_k8s"}.get(name, f"dagster_{name}")
    try:
        importlib.import_module(module)
    except ImportError:
        with pytest.raises(BadSetting, match=f"pip install {module.replace('_', '-')}"):
            executor_of(name, {})
    else:
        assert executor_of(name, {}).name
