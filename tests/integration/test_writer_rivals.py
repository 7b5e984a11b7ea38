"""Two writers at once, a run that is overtaken, and agents that come and go."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import dagster as dg
import pytest

from dagster_kb.gates.scanning import SCAN_VERSION
from dagster_kb.publishing.alias_moves import hand_on_names
from dagster_kb.resources.ledger import open_ledger
from dagster_kb.resources.ledger_database import Connection, run
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.upkeep.retirement import RETIRE, Retirement
from kb_contract.identifiers import production_alias
from tests.conftest import wait_for
from tests.doubles.departing_agents import (
    aliases_point_to,
    collection_of,
    leaving,
    rename,
    served_under_another_name,
)
from tests.doubles.dying_writer import Place, start
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import QUIET, WriterWorld, failures, why


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nWords of keys.\n"})
    return world


def test_two_writers_of_one_commit_publish_it_once(world: WriterWorld):
    world.write({f"page{number}.md": f"# Page {number}\n\nWords.\n" for number in range(20)})
    world.commit()
    place = Place(
        world.repository.root,
        world.settings.database_url.get_secret_value(),
        world.settings.qdrant_url,
        world.agent,
    )
    rivals = [start(place), start(place)]
    for one in rivals:
        one.join(timeout=60)
    assert [one.exitcode for one in rivals] == [0, 0]
    assert [one.state for one in world.ledger.generations.latest(world.agent)] == ["live"]
    assert len(world.served()) == world.live().chunks == 21
    assert world.count("alias_moves") == 1


def test_two_writers_of_one_commit_pay_for_it_once(world: WriterWorld):
    world.write({f"page{number}.md": f"# Page {number}\n\nWords.\n" for number in range(20)})
    world.commit()
    url = world.settings.database_url.get_secret_value()
    rival = WriterWorld(world.repository, url, world.settings.qdrant_url, world.agent)
    running = Thread(target=rival.ingest)

    def rival_comes() -> None:
        world.embedder.before_embedding = None
        running.start()
        wait_for(lambda: not running.is_alive() or waits_for_a_lock(world), "the rival waits", 60)

    world.embedder.before_embedding = rival_comes
    result = world.ingest()
    running.join(timeout=60)
    assert result.success, why(result)
    assert len(world.embedder.texts) == 21
    assert rival.embedder.texts == []
    rival.store.client.close()
    rival.ledger.database.close()
    rival.instance.dispose()


def test_rivals_at_each_of_several_commits_publish_it_once_and_embed_nothing_twice(
    world: WriterWorld,
):
    """As when two sensors see a commit while two people ingest it."""
    url = world.settings.database_url.get_secret_value()
    others = [WriterWorld(world.repository, url, world.settings.qdrant_url, world.agent)
              for _ in range(3)]  # fmt: skip
    embedded = list[str]()
    for nth in range(2):
        world.commit(
            {"keys.md": f"# Keys\n\nEdit {nth}.\n", f"new{nth}.md": f"# New {nth}\n\nIs new.\n"}
        )
        with ThreadPoolExecutor(4) as at_once:
            results = list(at_once.map(WriterWorld.ingest, [world, *others]))
        assert all(one.success for one in results), [why(one) for one in results]
        embedded += [text for one in (world, *others) for text in one.embedder.passages]
        assert len(world.ledger.generations.latest(world.agent)) == world.live().number == nth + 1
        assert world.count("alias_moves") == nth + 1
        assert world.store.count(world.live().collection or "") == len(world.served()) == nth + 2
    assert len(embedded) == len(set(embedded)) == 4
    for one in others:
        one.store.client.close()
        one.ledger.database.close()
        one.instance.dispose()


def test_a_name_that_goes_live_while_another_swaps_keeps_its_aliases(
    world: WriterWorld, monkeypatch: pytest.MonkeyPatch
):
    """They followed the other one until now."""
    world.publish()
    new = served_under_another_name(world)
    world.write({"other.md": "# Other\n\nAnother team's words.\n"})
    world.write({"third.md": "# Third\n\nMore words.\n"}, agent=new)
    world.repository.commit()
    leaving(world)
    url = world.settings.database_url.get_secret_value()
    rival = WriterWorld(world.repository, url, world.settings.qdrant_url, world.agent)
    running = Thread(target=rival.ingest)
    point_aliases = VectorStore.point_aliases

    def rival_comes(store: VectorStore, aliases: Sequence[str], collection: str) -> None:
        monkeypatch.undo()
        running.start()
        wait_for(lambda: not running.is_alive() or waits_for_a_lock(world), "the rival waits", 60)
        point_aliases(store, aliases, collection)

    monkeypatch.setattr(VectorStore, "point_aliases", rival_comes)
    result = world.ingest(new)
    running.join(timeout=60)
    assert result.success, why(result)
    for agent in (world.agent, new):
        assert aliases_point_to(world, agent) == {collection_of(world, agent)}, agent
    rival.store.client.close()
    rival.ledger.database.close()
    rival.instance.dispose()


def test_aliases_follow_a_new_name_that_goes_live_while_the_end_of_the_old_one_waits(
    world: WriterWorld, database_url: str
):
    world.publish()
    new = rename(world)
    leaving(world)
    with world.ledger.agent_lock(world.agent):
        world.ledger.names.end(world.agent, "killed after this")
    rival = open_ledger(database_url, world.settings.workspace_id)
    ending = Thread(target=hand_on_names, args=(rival, world.store, world.agent))
    with world.ledger.agent_lock(world.agent):
        ending.start()
        wait_for(lambda: waits_for_a_lock(world), "the end waits", 60)
        assert world.ingest(new).success
    ending.join(timeout=60)
    rival.database.close()
    assert aliases_point_to(world, world.agent) == {collection_of(world, new)}


def waits_for_a_lock(world: WriterWorld) -> bool:
    with world.ledger.database.transaction() as connection:
        row = connection.execute(
            "select count(*) as n from pg_locks where locktype = 'advisory' and not granted"
            " and database = (select oid from pg_database where datname = current_database())"
        ).fetchone()
    return bool(row and row["n"])


def test_a_run_that_a_newer_commit_overtakes_publishes_nothing(world: WriterWorld):
    world.commit()
    overtaken: list[bool] = []

    def newer_commit() -> None:
        world.embedder.before_embedding = None
        world.commit({"keys.md": "# Keys\n\nNewer words.\n"})
        overtaken.append(world.ingest().success)

    world.embedder.before_embedding = newer_commit
    late = world.ingest()
    assert overtaken == [True]
    assert not late.success
    assert "superseded by generation 2" in failures(late)["collection"]
    assert world.served_texts() == {"# Keys\n\nNewer words."}
    assert [one.state for one in world.ledger.generations.latest(world.agent)] == ["live", "failed"]


def retire(world: WriterWorld) -> dg.ExecuteInProcessResult:
    return world.definitions.resolve_job_def(RETIRE).execute_in_process(
        instance=world.instance,
        run_config=dg.RunConfig({"retire_folder": Retirement(agent=world.agent)}, loggers=QUIET),
    )


def test_an_agent_whose_folder_is_gone_is_gone(world: WriterWorld):
    world.publish()
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.write({"knowledge/other/x.md": "# Other\n"})
    world.repository.commit()
    assert retire(world).success
    assert world.ledger.generations.live(world.agent) is None
    assert production_alias("default", world.agent) not in world.store.aliases()
    refused = world.ingest()
    assert "there is no folder of agent" in failures(refused)["parsed_documents"]


def test_an_agent_that_came_back_is_not_retired(world: WriterWorld):
    world.publish()
    assert retire(world).success
    assert world.live().number == 1


def test_an_agent_can_come_back(world: WriterWorld):
    world.publish()
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.write({"knowledge/README.md": "no agent yet"})
    world.repository.commit()
    retire(world)
    world.commit({"keys.md": "# Keys\n\nWords of keys.\n"})
    result = world.ingest()
    assert result.success, why(result)
    assert world.live().number == 2
    assert world.embedder.texts == []
    assert world.served_texts() == {"# Keys\n\nWords of keys."}


def operation(world: WriterWorld, key: str) -> dict:
    with world.ledger.database.transaction() as connection:
        row = connection.execute(
            "select * from ops.requested_operations where key = %s", (key,)
        ).fetchone()
    assert row is not None
    return row


def request(world: WriterWorld, key: str, agent: str) -> None:
    with world.ledger.database.transaction() as connection:
        connection.execute(
            "insert into ops.requested_operations (key, action, arguments, requested_by, trace_id)"
            " values (%s, 'refresh_knowledge', jsonb_build_object('agent_id', %s::text), 'test', %s)",
            (key, agent, f"trace of {key}"),
        )


def test_what_a_person_approved_is_run_once_and_settled(world: WriterWorld):
    world.publish()
    request(world, "one", world.agent)
    request(world, "two", "nobody")
    sensor = world.definitions.get_sensor_def("approved_operations")

    def tick() -> dg.SensorResult | dg.SkipReason:
        return sensor(dg.build_sensor_context(instance=world.instance, resources=world.looked_with))

    (wanted,) = tick().run_requests
    assert (wanted.partition_key, wanted.tags["kb/operation"]) == (world.agent, "one")
    assert wanted.tags["kb/trace_id"] == "trace of one"
    assert operation(world, "one")["status"] == "requested"
    assert operation(world, "two")["status"] == "failed"
    job = world.definitions.resolve_job_def(wanted.job_name)
    run = job.execute_in_process(
        partition_key=wanted.partition_key, instance=world.instance, tags=wanted.tags,
        run_config={"loggers": QUIET},
    )  # fmt: skip
    assert tick().run_requests == []
    settled = operation(world, "one")
    assert (settled["status"], settled["result"]) == ("done", {"dagster_run_id": run.run_id})
    assert isinstance(tick(), dg.SkipReason)


def test_two_writers_of_the_same_texts_never_wait_for_each_other(world: WriterWorld):
    def keep(connection: Connection, digest: str) -> None:
        run(connection, "keep_scans", version=SCAN_VERSION, digests=[digest], families=[""])

    rival = Thread(target=world.ledger.scans.keep, args=({"c": [], "b": [], "a": []},))
    with world.ledger.database.transaction() as connection:
        keep(connection, "a")
        rival.start()
        wait_for(lambda: waits_for_a_row(world), "the rival waits")
        keep(connection, "b")  # a deadlock, where the rival has it already
    rival.join(timeout=30)
    assert world.ledger.scans.unknown(["a", "b", "c"]) == []


def waits_for_a_row(world: WriterWorld) -> bool:
    with world.ledger.database.transaction() as connection:
        row = connection.execute(
            "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock'"
            " and datname = current_database() and query like '%%kb.scans%%'"
        ).fetchone()
    return bool(row and row["n"])


def test_another_repository_for_a_while_and_back(world: WriterWorld, tmp_path: Path):
    """KNOWLEDGE_DIR set to a copy that went another way, with the folder elsewhere in it."""
    world.publish()
    before = world.served()
    url = world.settings.database_url.get_secret_value()
    other = WriterWorld(
        GitRepository(tmp_path / "other"), url, world.settings.qdrant_url, world.agent
    )
    went = other.publish({"keys.md": "# Keys\n\nWords of another team.\n", "more.md": "# More\n"})
    assert other.served_texts() == {"# Keys\n\nWords of another team.", "# More"}
    result = world.ingest()
    assert result.success, why(result)
    assert world.embedder.texts == []
    assert world.served() == before
    assert world.live().number == went.number + 1
    assert world.live().git_sha != went.git_sha
    other.store.client.close()
    other.ledger.database.close()
    other.instance.dispose()
