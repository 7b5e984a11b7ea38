"""One citation looked at in three ways: git by the command, the server's page, Dagster's asset."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.server.app import create_app
from kb.commands.cite import DrawnOut, _checked, _citations, _repository
from kb.settings import StackSettings
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.http_of_app import http_of
from tests.doubles.writer_world import WriterWorld, linked_asset

DAGSTER = "http://dagster.test:3000"
PAGE = (
    "# Keys & doors\n\nSigning keys <b>never</b> leave the vault. They are counted each Friday.\n"
)
AGENT = "retrieval: {limit: 5, threshold: 0.0}\ngate: {canary: 'off'}\n"


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish({"agent.yaml": AGENT, "keys.md": PAGE})
    return world


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[ComposedReader]:
    async with composed_reader(world, dagster_url=DAGSTER) as reader:
        yield reader


@pytest.fixture
async def http(reader: ComposedReader) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(reader.settings, GRAPHS, reader=reader.outside.reader)
    async with http_of(app) as client:
        yield client


async def answered(reader: ComposedReader, world: WriterWorld) -> dict[str, Any]:
    done = await reader.ask("When are signing keys counted?", agent=world.agent)
    assert done["citations"], done["answer"]
    return done


def through_dagster(world: WriterWorld, shown: dict[str, Any]) -> str:
    """Follow the asset's link to its materialisation, and read what it names."""
    told = linked_asset(world, shown)
    assert told["generation"].value == shown["generation"]
    page = world.repository.show(str(told["git_sha"].value), shown["path"])
    return page[shown["start"] : shown["end"]]


async def test_the_command_the_page_and_the_asset_show_the_same_words(
    world: WriterWorld, reader: ComposedReader, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    done = await answered(reader, world)
    kept = (await http.get(f"/answers/{done['answer_id']}")).json()
    assert (kept["answer"], kept["coverage"]) == (done["answer"], done["coverage"])
    stack = StackSettings(kb_home=tmp_path / "home", knowledge_dir=world.settings.knowledge_dir,
                          _env_file=None)  # fmt: skip
    url = world.settings.database_url.get_secret_value()
    by_command = _citations(url, "default", done["answer_id"])
    assert len(by_command) == len(done["citations"]) == len(kept["citations"])
    for given, command, listed in zip(
        done["citations"], by_command, kept["citations"], strict=True
    ):
        read = _checked(_repository(stack), DrawnOut(url), command)
        assert read["found"] is True
        shown = (await http.get(listed["passage_url"])).json()
        assert shown["stands"] is True
        assert shown["quote"] == command["quote"] == given["quote"] == through_dagster(world, shown)
        whole = shown["before"] + shown["quote"] + shown["after"]
        assert whole in PAGE
        assert (read["before"], read["after"]) == (shown["before"], shown["after"]) != ("", "")
    # Made worse in the ledger's copy, the command says so.
    assert (
        _checked(_repository(stack), DrawnOut(url), {**by_command[0], "start": 0})["found"] is False
    )


async def test_as_a_page_the_quote_is_marked_and_nothing_of_the_document_runs(
    world: WriterWorld, reader: ComposedReader, http: httpx.AsyncClient
) -> None:
    done = await answered(reader, world)
    page = await http.get(f"/answers/{done['answer_id']}/citations/1?format=html")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.text.count("<mark>") == 1
    assert "<b>" not in page.text
    assert f'{DAGSTER}/assets/live_alias?view=events&amp;partition={world.agent}"' in page.text


async def test_what_is_not_there_or_not_for_the_caller_is_said(
    world: WriterWorld, reader: ComposedReader, http: httpx.AsyncClient
) -> None:
    done = await answered(reader, world)
    place = f"/answers/{done['answer_id']}/citations"
    assert (await http.get("/answers/nobody")).status_code == 404
    assert (await http.get(f"{place}/99")).status_code == 404
    assert (await http.get(f"{place}/0")).status_code == 422
    reader.outside.reader.live.caller = lambda: ("nobody",)
    gone = await http.get(f"{place}/1")
    assert (gone.status_code, "does not have it for you" in gone.json()["message"]) == (404, True)
