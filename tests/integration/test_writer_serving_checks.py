"""What `kb ingest` reports, and what `kb verify` asks beside what is served."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from dagster_kb.definitions import build_definitions
from dagster_kb.publishing.serving_checks import ServingChecks
from dagster_kb.resources.vector_store import VectorStore
from kb.chosen_agents import FolderOfAgents
from kb.client import Client
from kb.commands.verify import ask_agent, judge
from kb.ingestion import Ingestion, Retirements
from kb.writer_access import require_parts
from kb_contract.errors import BadInput, Unavailable
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld

GOLDEN = {"questions": [{"question": "How often are keys rotated?", "path": "keys.md"}]}


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id)
    world.write({
        "keys.md": "# Keys\n\nKeys are rotated every ninety days.\n",
        "golden.yaml": yaml.safe_dump(GOLDEN),
    })  # fmt: skip
    world.repository.commit()
    yield world
    world.close()


def passed(world: WriterWorld) -> dict[str, bool]:
    checks = ServingChecks(world.ledger, world.store, world.embedder).run(world.agent)
    return {name: one.passed for name, one in checks.items()}


def ingestion(world: WriterWorld) -> Ingestion:
    return Ingestion(world.definitions, world.ledger, world.instance)


def test_the_report_counts_and_names(world: WriterWorld):
    world.commit({"bad.md": b"\x00", "draft.md": "---\nstatus: draft\n---\nLater.\n"})
    done = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert (done.ok, done.status, done.how) == (True, "DONE_WITH_ERRORS", "new")
    assert (done.documents, done.unpublished, done.chunks, done.done, done.errors) == (
        1,
        1,
        1,
        1,
        0,
    )
    assert [one["path"] for one in done.quarantined] == [world.path("bad.md")]
    again = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert (again.how, again.run_id, again.ok) == ("unchanged", done.run_id, True)


def test_a_failure_is_said_in_words_and_gives_the_generation_up(world: WriterWorld):
    world.commit({"golden.yaml": yaml.safe_dump({"questions": [
        {"question": "Where is the moon?", "path": "moon.md"}]})})  # fmt: skip
    done = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert not done.ok
    assert "'Where is the moon?' should find moon.md" in (done.error or "")
    world.commit({"agent.yaml": "kind: nonsense\n"})
    refused = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert refused.how == "refused"
    assert "agent.yaml" in (refused.error or "")
    assert refused.run_id


def choose(known: FolderOfAgents, *paths: str, named: Sequence[str] = (), **also: bool) -> list:
    return known.choose(paths, named, uncommitted=also.get("uncommitted", False))


def test_paths_choose_agents(tmp_path: Path):
    here = tmp_path / "knowledge"
    (here / "a").mkdir(parents=True)
    (here / "README.md").write_text("not an agent's")
    known = FolderOfAgents(here, ["a", "b"], {"Upper": "no capitals"}, ["a", "draft"])
    assert choose(known) == ["a", "b"]
    assert choose(known, f"{here}/a/x.md") == ["a"]
    assert choose(known, str(here), named=["b"]) == ["b", "a"]
    assert choose(known, f"{here}/draft", uncommitted=True) == ["draft"]
    assert choose(known, "b", "draft", uncommitted=True) == ["b", "draft"]
    for wrong, said in {
        "Upper": "no capitals",
        str(tmp_path): "lies in no agent's folder",
        f"{here}/README.md": "is in no agent's folder",
        f"{here}/nobody": "no agent 'nobody'.*choose of: a, b",
        f"{here}/draft": "nothing that is committed.*--uncommitted",
        f"{here}/Upper/x.md": "no capitals",
    }.items():
        with pytest.raises(BadInput, match=said):
            choose(known, wrong)
    with pytest.raises(BadInput, match=r"'README\.md' is a file, and an agent is a folder"):
        choose(known, named=["README.md"])


def test_a_withdrawn_agent_is_said(world: WriterWorld):
    ingestion(world).run(world.agent, uncommitted=False, force=False)
    world.repository.remove(world.path("keys.md"))
    world.commit({"picture.png": b"\x89PNG"})
    done = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert (done.ok, done.status, done.documents) == (True, "DONE", 0)
    assert "nothing is published" in (done.withdrawn or "")
    assert (done.ignored, done.ignored_files) == (1, [world.path("picture.png")])
    checks = ServingChecks(world.ledger, world.store, world.embedder).run(world.agent)
    assert "nothing is published" in checks["alias"].description


def test_an_agent_without_a_folder_is_retired_by_the_command(world: WriterWorld):
    ingestion(world).run(world.agent, uncommitted=False, force=False)
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.write({"knowledge/other/x.md": "# Other\n"})
    head = world.repository.commit()
    done = Retirements(world.definitions, world.instance).run(world.agent, head)
    assert (done.ok, done.error) == (True, None)
    assert world.ledger.generations.live(world.agent) is None
    # The partition stays for the grace, and with it the way back.
    assert world.instance.get_dynamic_partitions("agents") == [world.agent]


def parts(world: WriterWorld, **wrong: Any) -> None:
    require_parts(world.settings.model_copy(update=wrong), store=True)


def test_a_part_that_does_not_answer_is_said_at_once(world: WriterWorld):
    parts(world)
    with pytest.raises(Unavailable, match=r"127.0.0.1:9.*Qdrant.*kb status.*kb up"):
        parts(world, qdrant_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"127.0.0.1:9/none.*Postgres.*kb status") as said:
        parts(world, database_url=SecretStr("postgresql://me:secret@127.0.0.1:9/none"))
    assert "secret" not in str(said.value)


def test_an_answer_counts_when_it_is_whole_and_quotes_the_agent():
    quote = {"agent_id": "a"}
    assert judge({"status": "completed", "citations": [quote]}, "a", "What?").passed
    assert not judge({"status": "completed", "citations": []}, "a", "What?").passed
    assert not judge({"status": "completed", "citations": [quote]}, "b", "What?").passed
    assert not judge({"status": "partial", "citations": [quote]}, "a", "What?").passed


def test_without_the_api_nothing_is_asked(world: WriterWorld):
    ingestion(world).run(world.agent, uncommitted=False, force=False)
    found = ask_agent(Client("http://127.0.0.1:9"), world.ledger, world.agent)
    assert found.passed
    assert "not asked: API not running" in found.description


def test_a_key_over_loopback_is_no_reason_to_warn(qdrant_url: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert VectorStore(qdrant_url, "key").client
    with pytest.warns(UserWarning, match="insecure connection"):
        assert VectorStore("http://qdrant.example:6333", "key").client


def runs_of(world: WriterWorld) -> int:
    return len(world.instance.get_runs())


def test_where_nothing_changed_nothing_is_run_and_no_chunk_is_read(world: WriterWorld):
    world.commit({"notes.txt.bin": b"no reader takes this"})
    done = ingestion(world).run(world.agent, uncommitted=False, force=False)
    before = runs_of(world)
    world.repository.commit("an empty commit")
    world.forget_counts()
    again = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert (again.how, again.dagster_run_id, runs_of(world)) == ("unchanged", None, before)
    assert (again.generation, again.documents, again.chunks) == (done.generation, 1, done.chunks)
    assert again.ignored_files == done.ignored_files == [world.path("notes.txt.bin")]
    assert (world.store.reads, world.store.looked_at, world.embedder.texts) == ([], [], [])
    forced = ingestion(world).run(world.agent, uncommitted=False, force=True)
    assert (forced.how, runs_of(world)) == ("new", before + 1)


@pytest.mark.parametrize("doubt", ["alias", "points", "stamp", "partition", "canary", "settings"])
def test_whatever_is_in_doubt_is_for_a_run(world: WriterWorld, doubt: str):
    ingestion(world).run(world.agent, uncommitted=False, force=False)
    live, before = world.live(), runs_of(world)
    collection = live.collection or ""
    if doubt == "alias":
        world.store.drop_aliases([world.agent])
    elif doubt == "points":
        world.store.delete(collection, [next(iter(world.served()))])
    elif doubt == "stamp":
        world.store.stamp(collection, "somebody else's")
    elif doubt == "partition":
        world.instance.delete_dynamic_partition("agents", world.agent)
    elif doubt == "canary":
        with world.ledger.database.transaction() as connection:
            connection.execute(
                "update kb.generations set checks = checks - 'live_canary' where generation_id = %s",
                (live.generation_id,),
            )
    else:
        world.commit({"agent.yaml": f"agent_id: {world.agent}\ntitle: Other\n"})
    again = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert again.ok, again.error
    assert runs_of(world) == before + 1
    assert passed(world) == dict.fromkeys(("last_run", "alias", "points", "golden_questions"), True)


@dataclass(frozen=True)
class StoreThatIsAway(VectorStore):
    """The real store; the first time that it is asked for aliases nobody listens there."""

    asked: list[str] = field(default_factory=list)

    def aliases(self) -> dict[str, str]:
        self.asked.append("aliases")
        away = VectorStore("http://127.0.0.1:9") if len(self.asked) == 1 else super()
        return away.aliases()


def test_a_store_that_is_away_for_a_moment_ends_no_command(world: WriterWorld):
    ingestion(world).run(world.agent, uncommitted=False, force=False)
    before = runs_of(world)
    store = StoreThatIsAway(world.settings.qdrant_url)
    definitions = build_definitions(
        world.settings, embedder=world.embedder, store=store, ledger=world.ledger
    )
    again = Ingestion(definitions, world.ledger, world.instance)
    done = again.run(world.agent, uncommitted=False, force=False)
    assert (done.ok, done.how, runs_of(world)) == (True, "unchanged", before + 1)
    assert len(store.asked) > 1
