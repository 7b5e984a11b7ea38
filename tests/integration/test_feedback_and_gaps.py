"""Feedback over HTTP, measurements in Postgres, and gaps asked again after a publication."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from dagster_kb.resources.git_objects import GitObjects
from graph.citations.context_budget import ROOM
from graph.gateways.answer_log import PostgresAnswerLog
from graph.gateways.postgres import LazyPool
from graph.ports import FinishedAnswer
from graph.server.gap_rounds import GapRounds
from kb.evaluation.answers import Answers, figures_of
from kb.evaluation.comparison import compare
from kb.evaluation.evaluation import Evaluation
from kb.evaluation.history import EvaluationHistory
from kb.evaluation.labelled_answers import Expected, LabelledQuestion
from kb.evaluation.quotes_in_git import QuotesInGit
from kb_contract.chat_models.written import Check, Written, accepted
from kb_contract.errors import ModelFailed
from tests.doubles.git_repository import GitRepository
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder
from tests.doubles.whole_reader import gateways_in_memory, reader_settings

AGENT = "garden"
PAGE = "# Tomatoes\n\nTomatoes want two litres of water every second day.\n"
ASKED = "How often are cucumbers fed?"


def answer(answer_id: str, **more: Any) -> FinishedAnswer:
    said: dict[str, Any] = {
        "answer_id": answer_id, "thread_id": "t", "run_id": "r", "trace_id": "x", "question": ASKED,
        "query_type": "simple_lookup", "status": "refused", "answer": "", "plan": {}, "citations": [],
        "usage": {}, "timings": {}, "unanswered": [(AGENT, ASKED)], **more,
    }  # fmt: skip
    return FinishedAnswer(**said)


def publish(database_url: str, number: int) -> None:
    """What the ledger says of a publication, as far as gaps need it."""
    with psycopg.connect(database_url) as connection:
        connection.execute("update kb.generations set state = 'retired' where state = 'live'")
        connection.execute(
            "insert into kb.generations (workspace_id, agent_id, number, state, git_sha, tree_sha, manifest,"
            " config_digest, space) values ('default', %s, %s, 'live', '', '', '{}', '', '{}')",
            (AGENT, number),
        )


async def test_feedback_is_kept_once_a_person(http: httpx.AsyncClient, ops: LazyPool):
    await http.post("/threads", json={"thread_id": "t"})
    await PostgresAnswerLog(ops, "default").keep(answer("a1"))
    up = {"answer_id": "a1", "verdict": "up"}
    assert (await http.post("/feedback", json=up, headers={"X-User": "ann"})).status_code == 201
    down = {"answer_id": "a1", "verdict": "down", "correction": "no",
            "passages": [{"agent_id": AGENT, "path": "x.md", "quote": "q"}]}  # fmt: skip
    said = await http.post("/feedback", json=down, headers={"X-User": "ann"})
    assert (said.status_code, said.json()["verdict"]) == (201, "down")
    rows = await ops.rows("select given_by, verdict, correction from ops.feedback", {})
    assert rows == [{"given_by": "ann", "verdict": "down", "correction": "no"}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"answer_id": "none", "verdict": "up"}, 404),
        ({"answer_id": "a1", "verdict": "maybe"}, 422),
        ({"answer_id": "a1", "verdict": "down", "passages": [{"path": "x.md"}]}, 422),
        ({"answer_id": "a1", "verdict": "up", "more": 1}, 422),
    ],
)
async def test_wrong_feedback_is_refused(
    http: httpx.AsyncClient, ops: LazyPool, body: dict[str, Any], status: int
):
    await PostgresAnswerLog(ops, "default").keep(answer("a1"))
    said = await http.post("/feedback", json=body)
    assert said.status_code == status, said.text
    assert said.json()["message"]


async def test_candidates_follow_from_what_people_agree_on(ops: LazyPool, database_url: str):
    cited = {
        "quote": "Two litres.", "path": "knowledge/garden/a.md", "sha": "s", "start": 0, "end": 11,
        "agent_id": AGENT, "chunk_id": "00000000-0000-4000-8000-000000000000", "generation": 1,
        "run_id": "r", "score": 0.5, "heading_path": [], "page": None, "title": "t", "uncommitted": False,
    }  # fmt: skip
    log = PostgresAnswerLog(ops, "default")
    for name in ("praised", "disputed", "corrected"):
        await log.keep(
            answer(name, question=f"{name}?", citations=[cited], status="completed", unanswered=())
        )
    await log.keep(
        answer("elsewhere", thread_id="t2", question="elsewhere?", citations=[cited], status="completed",
               unanswered=())
    )  # fmt: skip
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ops.threads (thread_id, workspace_id) values ('t', 'default'), ('t2', 'other')"
        )
        connection.execute(
            """insert into ops.feedback (answer_id, given_by, verdict, passages) values
            ('elsewhere', 'eve', 'up', '[]'),
            ('praised', 'ann', 'up', '[]'), ('praised', 'bob', 'up', '[]'),
            ('disputed', 'ann', 'up', '[]'), ('disputed', 'bob', 'down', '[]'),
            ('corrected', 'ann', 'down', '[{"agent_id": "garden", "path": "b.md", "quote": "right"},
                                           {"agent_id": "kitchen", "path": "c.md", "quote": null}]')"""
        )
    rows = EvaluationHistory(database_url, "default").candidates(AGENT)
    found = {
        row["question"]: (row["kind"], row["path"], row["quote"], row["said_by"]) for row in rows
    }
    assert found == {
        "praised?": ("praised", "knowledge/garden/a.md", "Two litres.", ["ann", "bob"]),
        "corrected?": ("corrected", "b.md", "right", ["ann"]),
    }
    quoted = EvaluationHistory(database_url, "other").citations(agent=AGENT, answers=9)
    assert [one["answer_id"] for one in quoted] == ["elsewhere"]


async def test_a_gap_is_asked_again_once_a_generation_and_closed(ops: LazyPool, database_url: str):
    knowledge = InMemoryKnowledge()
    knowledge.add_document(AGENT, "knowledge/garden/tomatoes.md", PAGE)
    publish(database_url, 1)
    log, history = PostgresAnswerLog(ops, "default"), EvaluationHistory(database_url, "default")
    first = answer("a1")
    for one in (first, first, answer("a2", unanswered=[(AGENT, "how often are CUCUMBERS fed")])):
        await log.keep(one)
    [gap] = history.gaps(agent=AGENT, state="open", limit=10)
    assert (gap["times"], gap["answer_id"], gap["tried_generation"]) == (2, "a2", 1)

    rounds = GapRounds(ops, knowledge, WordEmbedder(), None, "default", ROOM)
    assert await rounds.round() == []  # of this very generation it was asked
    knowledge.add_document(
        AGENT, "knowledge/garden/peppers.md", "# Peppers\n\nPeppers like it warm.\n"
    )
    publish(database_url, 2)
    assert await rounds.round() == []
    [gap] = history.gaps(agent=AGENT, state="open", limit=10)
    assert gap["tried_generation"] == 2

    page = "# Cucumbers\n\nCucumbers are fed once a week.\n"
    [made] = knowledge.add_document(AGENT, "knowledge/garden/cucumbers.md", page)
    publish(database_url, 3)
    [closed] = await rounds.round()
    assert (closed.sha, closed.path, closed.generation) == (made["git_sha"], made["path"], 3)
    [gap] = history.gaps(agent=AGENT, state="closed", limit=10)
    assert (gap["closed_sha"], gap["closed_quote"]) == (
        made["git_sha"],
        "Cucumbers are fed once a week.",
    )
    await log.keep(answer("a3"))  # asked anew, it is a gap anew
    [gap] = history.gaps(agent=AGENT, state="open", limit=10)
    assert history.dismiss(gap["gap_id"])
    assert not history.dismiss(gap["gap_id"])
    assert await rounds.round(again=True) == []


class StumblingModel:
    """A provider that does not take its first request, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown = list[str]()

    async def write(self, *, user: str, check: Check = accepted, **_more: Any) -> Written:
        self.shown.append(user)
        if len(self.shown) == 1:
            raise ModelFailed("the request is too long")
        said = '{"claims": []}'
        assert not check(said)
        return Written(said)


async def test_a_model_is_shown_what_there_is_room_for_and_its_refusal_ends_no_round(
    ops: LazyPool, database_url: str
):
    knowledge = InMemoryKnowledge()
    line = "Cucumbers are fed once a week, and peppers are fed every month.\n"
    knowledge.add_document(AGENT, "knowledge/garden/tomatoes.md", PAGE)
    publish(database_url, 1)
    log = PostgresAnswerLog(ops, "default")
    for number, asked in enumerate((ASKED, "How often are peppers fed?")):
        await log.keep(answer(f"a{number}", unanswered=[(AGENT, asked)]))
    knowledge.add_document(AGENT, "knowledge/garden/fed.md", f"# Feeding\n\n{line * 12}")
    publish(database_url, 2)
    model = StumblingModel()
    rounds = GapRounds(ops, knowledge, WordEmbedder(), model, "default", 40)
    assert await rounds.round() == []
    assert len(model.shown) == 2
    assert all(0 < one.count("peppers are fed every month") <= 2 for one in model.shown)
    gaps = EvaluationHistory(database_url, "default").gaps(agent=AGENT, state="open", limit=9)
    assert {one["tried_generation"] for one in gaps} == {2}


async def test_answers_are_measured_by_the_graph_and_nothing_is_kept(
    database_url: str, ops: LazyPool
):
    knowledge = InMemoryKnowledge()
    knowledge.add_document(AGENT, "knowledge/garden/tomatoes.md", PAGE)
    settings = reader_settings(database_url)
    gateways = gateways_in_memory(settings, knowledge)
    questions = [
        LabelledQuestion(
            "1", "How much water do tomatoes want?", (Expected("tomatoes.md", "two litres"),)
        ),
        LabelledQuestion("2", "How much water do tomatoes want today?", (Expected("other.md"),)),
        LabelledQuestion("3", "Who won the chess tournament?", ()),
    ]
    answers = Answers(
        settings, gateways, AGENT, lambda one: "litres" in one["quote"], lambda *_: None
    )
    found = await answers.ask(questions)
    await gateways.ledger.close()
    await gateways.ops.close()
    figures = figures_of(found)
    assert (figures["found"], figures["cited"], figures["verified"]) == (0.5, 0.5, 1.0)
    assert (figures["refused"], figures["wrongly_refused"], figures["failed"]) == (1.0, 0.0, 0)
    for table in ("answers", "knowledge_gaps"):
        assert await ops.rows(f"select 1 as one from ops.{table}", {}) == []  # noqa: S608


def test_measurements_are_kept_with_their_difference(database_url: str):
    history = EvaluationHistory(database_url, "default")

    def found(cited: float) -> Evaluation:
        questions = [{"id": str(one), "text": "?", "cited": cited} for one in range(20)]
        return Evaluation(kind="answers", data="set.jsonl", agent=AGENT, generation=3, git_sha="abc",
                          at=datetime.now(UTC), figures={"cited": cited}, questions=questions)  # fmt: skip

    good, bad = found(0.9), found(0.4)
    assert history.previous(good) is None
    history.keep(good, [])
    before = history.previous(bad)
    assert before is not None
    assert (before.figures, before.agent, len(before.questions)) == ({"cited": 0.9}, AGENT, 20)
    history.keep(bad, compare(bad, before))
    newest = history.newest(agent=AGENT, kind="answers", limit=1)[0]
    assert newest["differences"]["cited"]["verdict"] == "worse"
    assert history.newest(agent="other", kind=None, limit=5) == []


def test_a_quote_stands_at_its_very_characters_or_not_at_all(database_url: str, tmp_path: Path):
    repository = GitRepository(tmp_path / "repository")
    repository.write({"knowledge/garden/ü.md": PAGE})
    sha = repository.commit()
    repository.write({"knowledge/garden/ü.md": PAGE.replace("two", "three")})
    later = repository.commit()
    quotes = QuotesInGit(GitObjects(repository.root), database_url)
    start = PAGE.index("two litres")
    right = {"sha": sha, "path": "knowledge/garden/ü.md", "start": start, "end": start + 10,
             "quote": "two litres"}  # fmt: skip
    assert quotes.stands(right)
    for wrong in (
        {"start": start + 1},
        {"quote": "ten litres"},
        {"sha": later},
        {"path": "gone.md"},
    ):
        assert not quotes.stands({**right, **wrong}), wrong
