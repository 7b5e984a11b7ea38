"""`kb ingest` before it works, and `kb inspect` after: what would be done, and what was."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dagster_kb.definitions import folder_of, way_of
from dagster_kb.intake.estimates import ASSUMED_PACE, Estimator, calibrated, spread
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.resources.git_files import GitFile
from kb.commands.ingest_plan import Asked, Work, plan_work, refuse_paused
from kb.commands.ingest_shown import show_notes, show_runs
from kb.ingestion import Ingestion
from kb_contract.errors import BadInput, GateRefused
from tests.doubles.drawn_pdf import DrawnLine, DrawnPage, drawn, plain
from tests.doubles.typed import Typed
from tests.doubles.writer_world import WriterWorld, metadata, why

PAGE = "# Keys of {0}\n\nWords about key {0} that say how it is kept and by whom it is changed.\n"


@dataclass
class Command:
    """What the command does before Dagster, on the parts of a world."""

    world: WriterWorld

    def plan(self, *paths: Path, **words: Any) -> Work:
        world, asked = self.world, Asked(paths, **words)
        return plan_work(world.settings, folder_of(world.settings), world.ledger, asked)

    def estimator(self) -> Estimator:
        world = self.world
        way = way_of(world.settings, world.embedder)
        return Estimator(
            folder_of(world.settings), world.ledger, way, ParsingChildren(world.embedder)
        )


def test_an_estimate_is_near_what_then_happens(world: WriterWorld):
    world.publish({f"old{number}.md": PAGE.format(number) for number in range(20)})
    world.commit({f"new{number}.md": PAGE.format(f"new {number}") for number in range(40)})
    command = Command(world)
    estimator = command.estimator()
    look = estimator.look({world.agent: folder_of(world.settings).head()})
    assert (look.documents, len(look.unread), look.chunks, look.missing) == (60, 40, 20, 0)
    assert look.is_small
    found = estimator.estimate(look, 1)
    assert (found.texts_in_store, found.money, found.sampled) == (20, 0.0, 6)
    assert (found.pace_from, found.texts_per_second) == ("an assumption", ASSUMED_PACE)
    result = world.ingest()
    assert result.success, why(result)
    assert abs(found.chunks - world.live().chunks) <= 3
    own = world.live().own_questions
    asked = own.asked if own else 0
    assert abs(found.texts_to_embed - (len(world.embedder.texts) - asked)) <= 3
    assert world.embedder.texts  # the estimate embedded nothing of them
    again = estimator.look({world.agent: folder_of(world.settings).head()})
    assert (len(again.unread), again.missing) == (0, 0)
    assert estimator.estimate(again, 1).seconds == 0


def test_the_pace_is_measured_where_there_was_a_run(world: WriterWorld):
    world.publish({f"page{number}.md": PAGE.format(number) for number in range(120)})
    pace = world.ledger.reports.pace(world.embedder.space.space_id)
    assert pace is not None
    assert pace > 1
    estimator = Command(world).estimator()
    found = estimator.estimate(estimator.look({}), 0)
    assert (found.pace_from, found.texts_per_second) == ("past runs", round(pace, 1))


def test_a_broken_agent_costs_nothing_and_stops_no_estimate(world: WriterWorld):
    world.commit({"x.md": PAGE.format(1), "agent.yaml": "nonsense: ["})
    estimator = Command(world).estimator()
    look = estimator.look({world.agent: folder_of(world.settings).head()})
    assert estimator.estimate(look, 1).documents == 0


def test_a_sample_goes_from_small_to_large_and_a_calibration_loads_first():
    files = [(None, GitFile(f"{size}.md", "b", "100644", size)) for size in range(100)]
    assert [one.size for _, one in spread(files, 5)] == [10, 30, 50, 70, 90]  # type: ignore[arg-type]
    assert len(spread(files[:3], 5)) == 3  # type: ignore[arg-type]
    calls: list[int] = []
    assert calibrated(lambda texts: calls.append(len(texts)), ["a"] * 7) > 0
    assert calls == [1, 7]


def test_a_named_file_is_reported_with_its_document(world: WriterWorld):
    world.commit({"a.md": PAGE.format(1), "b.md": PAGE.format(2)})
    file = world.repository.root / world.path("a.md")
    work = Command(world).plan(file)
    assert (work.agents, work.named) == ([world.agent], [world.path("a.md")])
    named = work.named_of(folder_of(world.settings), world.agent)
    done = Ingestion(world.definitions, world.ledger, world.instance).run(
        world.agent, uncommitted=False, force=False, named=named
    )
    assert (done.ok, done.chunks, done.done, done.errors) == (True, 2, 2, 0)
    ((path, status, chunks, document),) = [
        (one["path"], one["status"], one["chunks"], one["document_id"]) for one in done.named
    ]
    assert (path, status, chunks, len(document)) == (world.path("a.md"), "published", 1, 36)
    (run,) = world.ledger.generations.pipeline_runs(world.agent)
    assert (run["trigger"], bool(run["requested_by"])) == ("kb ingest", True)


def test_what_has_its_vector_already_is_done_too(world: WriterWorld):
    def ingest(agent: str, *, force: bool = False) -> tuple[int, int, int, int]:
        ingestion = Ingestion(world.definitions, world.ledger, world.instance)
        done = ingestion.run(agent, uncommitted=False, force=force)
        assert done.ok, done.error
        return done.chunks, done.done, done.errors, done.embedded

    pages = {f"page{number}.md": PAGE.format(number) for number in range(3)}
    world.commit(pages)
    assert ingest(world.agent) == (3, 3, 0, 3)
    assert ingest(world.agent) == (3, 3, 0, 3)  # nothing changed: it tells of the run before
    world.commit({"page1.md": PAGE.format(9)})
    assert ingest(world.agent) == (3, 3, 0, 1)
    assert ingest(world.agent, force=True) == (3, 3, 0, 0)


def test_a_file_that_is_not_committed_is_refused_before_anything_runs(world: WriterWorld):
    world.commit({"a.md": PAGE.format(1)})
    world.write({"b.md": PAGE.format(2)})
    file = world.repository.root / world.path("b.md")
    with pytest.raises(BadInput, match=r"not in commit .* --uncommitted"):
        Command(world).plan(file)
    assert Command(world).plan(file, uncommitted=True).named == [world.path("b.md")]


def test_a_paused_agent_is_refused_when_named_and_left_out_of_all(world: WriterWorld):
    world.commit({"a.md": PAGE.format(1)})
    world.ledger.incidents.pause(world.agent, "looked at", "ann")
    named, work = Command(world).plan(agents=[world.agent]), Command(world).plan()
    with pytest.raises(GateRefused, match=f"kb resume {world.agent}"):
        refuse_paused(world.ledger, named, [])
    refuse_paused(world.ledger, work, [])
    assert (work.agents, work.paused) == ([], [world.agent])
    assert f"{world.agent} is paused: looked at" in work.notes[0]


@pytest.fixture
def kb(world: WriterWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    environment = {
        "DATABASE_URL": world.settings.database_url.get_secret_value(),
        "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(tmp_path / "home"),
        "CHUNK_TOKENS": "40", "KNOWLEDGE_DIR": str(world.settings.knowledge_dir),
    }  # fmt: skip
    return Typed(environment, capsys)


def test_inspect_tells_of_a_run_by_either_id(world: WriterWorld, kb: Typed):
    world.write({"broken.md": b"# \xff\xfe\x00 not a text"})
    world.publish({f"page{number}.md": PAGE.format(number) for number in range(8)})
    live = world.live()
    report = world.ledger.reports.run(str(live.dagster_run_id), 3)
    assert report == world.ledger.reports.run(str(live.run_id)[:8], 3)
    assert report["dagster_runs"] == [live.dagster_run_id]
    assert {one["status"]: one["documents"] for one in report["documents"]} == {
        "published": 8, "quarantined": 1,
    }  # fmt: skip
    assert (report["chunk_runs"]["done"], report["errors"], len(report["chunks"])) == (8, [], 3)
    said = kb.process("inspect", "--run", str(live.run_id), "--json")
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    assert (told["run"]["trigger"], told["extractions"]) == ("ui", [])
    assert (told["generation"]["number"], told["generation"]["state"]) == (1, "live")
    shown = kb.here("inspect", "--run", str(live.run_id), "--limit", "2")
    index = "index: m 16, ef_construct 100, full_scan_threshold 10000"
    for words in ("DONE_WITH_ERRORS", "1 quarantined", "8 done", "extractions: none", index):
        assert words in shown
    unknown = kb.ended_here("inspect", "--run", "0123456789")
    assert (unknown.returncode, "there is no run" in unknown.stderr) == (1, True)


def test_what_gates_refuse_is_not_shown_by_inspect(world: WriterWorld, kb: Typed):
    key, person, plain = "AKIA" + "Q7" * 8, "jo.miller@acme-tea.com", "Words that hide nothing."
    world.commit({
        "deploy.md": f"# Deploying\n\nTo deploy, AWS knows us by {key} in every region.\n",
        "people.md": f"# People of tea\n\nWrite to {person} about the tea that we buy.\n",
        "plain.md": f"# Plain\n\n{plain}\n", "agent.yaml": "extraction: {enabled: true}\n",
    })  # fmt: skip
    assert "no_secrets" in str(why(world.ingest()))
    run = str(world.ledger.generations.pipeline_runs(world.agent)[0]["run_id"])
    for form in ([], ["--json"]):
        shown = kb.here("inspect", "--run", run, *form)
        assert key not in shown
        assert person not in shown
        assert "withheld: AWS Access Key" in shown
        assert shown.count(plain) >= 2, "as a passage, and in what was read out of it"


def test_what_of_a_document_is_not_served_is_told(world: WriterWorld, kb: Typed):
    half = drawn([plain("A page of words."), DrawnPage([], pictures=[(0, 0, 595, 842)])])
    world.commit({"a.md": PAGE.format(1), "half.pdf": half})
    result = world.ingest()
    said = "1 of 2 pages have no text layer and were not read: 2"
    assert said in metadata(result, "parsed_documents")["news"]
    assert metadata(result, "parsed_documents")["with_notes"] == 1
    live, path = world.live(), world.path("half.pdf")
    noted, of_all = world.ledger.documents.noted(live.generation_id, 5)
    assert (list(noted), of_all, noted[path][0].startswith(said)) == ([path], 1, True)
    shown = kb.here("inspect", "--run", str(live.run_id))
    assert f"note {path}: {said}" in " ".join(shown.split())
    done = Ingestion(world.definitions, world.ledger, world.instance).run(
        world.agent, uncommitted=False, force=False
    )
    assert (done.how, done.with_notes) == ("unchanged", 1)
    out = io.StringIO()
    show_runs([done], [], Console(file=out, width=300))
    assert f"note {path}: {said}" in out.getvalue()


def test_of_many_notes_some_are_shown_and_those_with_a_cure_first(world: WriterWorld):
    pages = [DrawnPage([DrawnLine(f"Fact {at}.")], footer=str(at + 1)) for at in range(2)]
    scan = DrawnPage([], pictures=[(0, 0, 595, 842)])
    files = {f"{at}.pdf": drawn([*pages, DrawnPage([DrawnLine(f"Of {at}.")])]) for at in range(3)}
    world.publish({**files, "z.pdf": drawn([*pages, scan])})
    noted, of_all = world.ledger.documents.noted(world.live().generation_id, 2)
    assert (list(noted), of_all) == ([world.path("z.pdf"), world.path("0.pdf")], 4)
    out = io.StringIO()
    show_notes([{"path": path, "notes": said} for path, said in noted.items()], of_all,
               Console(file=out, width=300))  # fmt: skip
    assert "left out as running titles and page numbers: page numbers (2 pages)" in out.getvalue()
    assert "and of 2 more documents" in out.getvalue()


def test_an_estimate_on_the_command_line_changes_nothing(world: WriterWorld, kb: Typed):
    world.commit({f"page{number}.md": PAGE.format(number) for number in range(8)})
    told = json.loads(kb.here("ingest", "--estimate", "--json"))["estimate"]
    assert (told["documents"], told["documents_to_read"], told["money"]) == (8, 8, 0.0)
    assert told["chunks"] >= 8
    shown = kb.here("ingest", "--estimate")
    assert "8 documents of 1 agents, 8 to read" in shown
    assert "embedding costs no money" in shown
    assert (world.count("documents"), world.count("pipeline_runs")) == (0, 0)


def test_what_was_read_out_is_estimated_and_shown(world: WriterWorld, kb: Typed):
    world.commit({"a.md": PAGE.format(1), "agent.yaml": "extraction: {enabled: true}\n"})
    said = kb.here("ingest", "--estimate", "--json")
    [told] = json.loads(said)["estimate"]["extraction"]
    assert told["agent"] == world.agent
    assert (told["passages"], told["dollars"], told["model"]) == (1, 0.0, "offline/patterns-3")
    assert world.ingest().success
    run = str(world.live().run_id)
    shown = kb.here("inspect", "--run", run, "--path", "a.md")
    assert "1 DONE by chunk_extract_v1 with offline/patterns-3" in " ".join(shown.split())
    assert "Words about key 1" in " ".join(shown.split())
    none = kb.here("inspect", "--run", run, "--path", "b.md", "--json")
    assert json.loads(none)["extractions"] == []


def test_where_a_run_came_from_is_kept_with_it(world: WriterWorld):
    world.publish({"a.md": PAGE.format(1)})
    (run,) = world.ledger.generations.pipeline_runs(world.agent)
    assert (run["status"], run["trigger"], run["requested_by"]) == ("DONE", "ui", "")
    world.commit({"agent.yaml": "nonsense: ["})
    world.ingest()
    run = world.ledger.generations.pipeline_runs(world.agent)[0]
    assert (run["status"], run["trigger"]) == ("FAILED", "ui")
