"""`kb eval extraction`: two prompts on the same passages, in the books and in the history."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from kb.commands.eval import app
from tests.doubles.loopback_provider import loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.reading_model import models_file, obedient

pytestmark = pytest.mark.timeout(180)
PEOPLE = ("Alice Moreau", "Bob Tanaka", "Chloe Adeyemi", "Dora Lindqvist")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "passages.jsonl"
    rows = [
        {"id": f"p{at}", "title": "Keys", "passage": f"{PEOPLE[at % 4]} rotates key {at} every day.",
         "entities": [PEOPLE[at % 4]], "says": [f"key {at} every day"]}
        for at in range(12)
    ]  # fmt: skip
    file.write_text("".join(f"{json.dumps(one)}\n" for one in rows))
    return file


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["extraction", *arguments, "--json"], env=environment)


def figures(result: Result) -> dict[str, Any]:
    return json.loads(result.stdout)


def test_without_a_provider_the_patterns_are_measured_and_no_stack_is_needed(
    data: Path, tmp_path: Path
):
    done = run("--data", str(data), KB_HOME=str(tmp_path / "kb"), LLM_PROFILE="offline")
    assert done.exit_code == 0, done.output
    said = figures(done)
    assert (said["n"], said["valid"], said["first_time"]) == (12, 1.0, 1.0)
    assert said["model"].startswith("offline/")
    assert said["names_found"] == 1.0


def test_a_worse_prompt_is_told_from_a_better_one_and_all_stands_in_the_books(
    data: Path, tmp_path: Path, database_url: str, qdrant_url: str
):
    with loopback_provider() as provider:
        provider.script = answer
        around = {
            "DATABASE_URL": database_url, "QDRANT_URL": qdrant_url, "KB_HOME": str(tmp_path / "kb"),
            "LLM_PROFILE": "house", "LLM_PROFILES": models_file(tmp_path, provider),
        }  # fmt: skip
        better = run("--data", str(data), "--save", str(tmp_path / "v1.json"), **around)
        worse_prompt = tmp_path / "chunk_extract_v2.md"
        worse_prompt.write_text("Say anything.")
        compared = (
            "--baseline",
            str(tmp_path / "v1.json"),
            "--report",
            str(tmp_path / "page.html"),
        )
        worse = run("--data", str(data), "--prompt", str(worse_prompt), *compared, **around)
        dear = run("--data", str(data), **around, EXTRACTION_ASK_ABOVE="0.000001")
        provider.script = lambda _: Reply(status=401)
        silent = run("--data", str(data), **around)
    assert better.exit_code == 0, better.output
    first = figures(better)
    assert (first["prompt"], first["names_found"], first["names_right"], first["says"]) == (
        "chunk_extract_v1", 1.0, 1.0, 1.0,
    )  # fmt: skip
    assert worse.exit_code == 1
    assert worse.exception is None or isinstance(worse.exception, SystemExit), worse.exception
    second = figures(worse)
    assert (second["prompt"], second["invalid"], second["valid"]) == ("chunk_extract_v2", 6, 0.5)
    assert second["baseline"]["valid"]["verdict"] == "worse"
    assert "Extraction" in (tmp_path / "page.html").read_text()
    in_the_books(database_url, requests=12 + 18)
    assert "--yes agrees" in str(dear.exception)
    assert "no passage was answered" in str(silent.exception)


def answer(call: dict[str, Any]) -> Reply:
    """Obey the prompt that there is; of the other one, do what is asked for every second passage."""
    ours = "one passage" in call["messages"][0]["content"]
    said = obedient(call)
    even = int(said.partition(" key ")[2].split()[0]) % 2 == 0
    return Reply(text=said if ours or even else "anything")


def in_the_books(database_url: str, requests: int) -> None:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "select step_id, agent_id, cost > 0 from ops.usage where outcome in ('answered', 'unusable')"
        ).fetchall()
        kept = connection.execute(
            "select kind, figures->>'prompt' from ops.evaluations order by evaluation_id"
        ).fetchall()
        read = connection.execute("select count(*) from kb.extractions").fetchone()
    assert len(rows) == requests
    assert set(rows) == {("evaluate", None, True)}
    assert kept == [("extraction", "chunk_extract_v1"), ("extraction", "chunk_extract_v2")]
    assert read == (0,)
