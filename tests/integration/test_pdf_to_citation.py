"""A page of a PDF from the repository to a citation: its number and its words are the same wherever one looks."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading_rules import ReadingRules
from graph.console.views import rendered
from graph.server.app import create_app
from kb.commands.cite import DrawnOut, _checked, _citations, _repository, _show
from kb.settings import StackSettings
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.http_of_app import http_of
from tests.doubles.sample_documents import draw_lines, pdf_document
from tests.doubles.writer_world import WriterWorld, linked_asset

NAME = "pumps report.pdf"
PAGES = {
    1: ("Pumps", "The blue pump moves forty litres a minute.", "It was bought in 2019."),
    2: ("Valves", "The brass valve is oiled before every winter.", "Nobody else may open it."),
    3: ("Filters", "The carbon filter is changed after ninety days.", "Used ones are burnt."),
    4: ("Hoses", "The long hose is stored on a reel.", "Kinks are cut out and joined."),
}
QUESTIONS = {
    1: "How much does the blue pump move?",
    2: "When is the brass valve oiled?",
    3: "When is the carbon filter changed?",
    4: "Where is the long hose stored?",
}
AGENT = "retrieval: {limit: 4, threshold: 0.0}\ngate: {canary: 'off'}\n"


def page(title: str, *lines: str) -> Any:
    def draw(canvas: Any) -> None:
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(72, 770, title)
        canvas.setFont("Helvetica", 11)
        draw_lines(canvas, lines)

    return draw


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    document = pdf_document([page(*lines) for lines in PAGES.values()])
    world.publish({"agent.yaml": AGENT, NAME: document})
    return world


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[ComposedReader]:
    async with composed_reader(world, dagster_url="http://dagster.test:3000") as reader:
        yield reader


@pytest.fixture
async def http(reader: ComposedReader) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(reader.settings, GRAPHS, reader=reader.outside.reader)
    async with http_of(app) as client:
        yield client


def told_by_the_command(world: WriterWorld, home: Path, answer: str) -> tuple[dict[str, Any], str]:
    """Return what `kb cite verify` reads of the first citation, and what it prints."""
    url = world.settings.database_url.get_secret_value()
    stack = StackSettings(kb_home=home, knowledge_dir=world.settings.knowledge_dir, _env_file=None)
    [cited, *_] = _citations(url, "default", answer)
    read, out = _checked(_repository(stack), DrawnOut(url), cited), io.StringIO()
    _show(read, Console(file=out, width=300))
    return read, out.getvalue()


def served_by_the_asset(world: WriterWorld, shown: dict[str, Any]) -> str:
    """Read the PDF again, at the commit that the linked asset names."""
    told = linked_asset(world, shown)
    assert told["generation"].value == shown["generation"]
    document = world.repository.show_bytes(str(told["git_sha"].value), shown["path"])
    return read_pdf(document, ReadingRules(200)).text[shown["start"] : shown["end"]]


@pytest.mark.parametrize("number", PAGES)
async def test_the_page_and_its_words_are_the_same_wherever_one_looks(
    number: int, world: WriterWorld, reader: ComposedReader, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    done = await reader.ask(QUESTIONS[number], agent=world.agent)
    cited = done["citations"][0]
    assert cited["page"] == number, done["answer"]
    assert PAGES[number][1] in cited["quote"]
    kept = (await http.get(f"/answers/{done['answer_id']}")).json()["citations"][0]
    shown = (await http.get(kept["passage_url"])).json()
    read, printed = told_by_the_command(world, tmp_path / "home", done["answer_id"])
    assert {shown["page"], kept["page"], read["page"]} == {number}
    assert shown["quote"] == kept["quote"] == read["quote"] == cited["quote"]
    assert (shown["stands"], read["found"]) == (True, True)
    around = (shown["before"], shown["after"])
    assert (read["before"], read["after"]) == around
    whole = around[0] + cited["quote"] + around[1]
    assert [other for other, lines in PAGES.items() if lines[1] in whole] == [number]
    assert f"page {number}" in printed.splitlines()[0]
    assert f"⟦{cited['quote']}⟧" in printed
    html = (await http.get(f"{kept['passage_url']}?format=html")).text
    console = rendered(
        "passage.html", number=1, found=shown, cited=kept, loading=False, refusal=None
    )
    for seen in (html, console):
        assert f"<mark>{cited['quote']}</mark>" in seen
        assert f"page {number}, characters {cited['start']} to {cited['end']}" in seen
    assert served_by_the_asset(world, shown) == cited["quote"]
