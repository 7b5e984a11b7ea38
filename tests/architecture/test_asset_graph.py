"""The declared graph of assets; a change of it shows up in review."""

import dagster as dg
import pytest
from pydantic import SecretStr
from syrupy.assertion import SnapshotAssertion

from dagster_kb.definitions import build_definitions
from dagster_kb.settings import WriterSettings


@pytest.fixture
def definitions() -> dg.Definitions:
    """Nothing answers at these addresses, so anything that connects while loading fails."""
    return build_definitions(
        WriterSettings(
            database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
            qdrant_url="http://127.0.0.1:1",
        )
    )


def test_the_definitions_load_with_nothing_running(definitions: dg.Definitions):
    dg.Definitions.validate_loadable(definitions)


def test_the_graph_is_as_drawn(definitions: dg.Definitions, snapshot: SnapshotAssertion):
    graph = definitions.resolve_asset_graph()
    drawn = {
        key.to_user_string(): {
            "after": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "checks": sorted(check.name for check in graph.get(key).check_keys),
            "only_warns": sorted(
                check.name for check in graph.get(key).check_keys if not graph.get(check).blocking
            ),
            "group": graph.get(key).group_name,
            "kinds": sorted(graph.get(key).kinds),
            "partitioned": graph.get(key).partitions_def is not None,
            "code_version": graph.get(key).code_version,
            "told": bool(graph.get(key).description),
        }
        for key in graph.toposorted_asset_keys
    }
    assert drawn == snapshot


def test_every_job_sensor_and_schedule_is_named(
    definitions: dg.Definitions, snapshot: SnapshotAssertion
):
    repository = definitions.get_repository_def()
    assert {
        "jobs": sorted(job.name for job in repository.get_all_jobs() if job.name[0] != "_"),
        "sensors": sorted(one.name for one in repository.sensor_defs),
        "schedules": sorted(one.name for one in repository.schedule_defs),
    } == snapshot


def test_no_run_has_a_step_for_what_is_told_elsewhere(definitions: dg.Definitions):
    names = {one.name for one in definitions.resolve_job_def("refresh_knowledge").nodes}
    assert names >= {"live_alias", "gates"}
    assert "live_alias_answers_well" not in names
