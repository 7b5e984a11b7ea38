"""Dagster's pages and the API's own, in headless Chromium."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as NotShown

from dagster_kb.publishing.release_checks import GATES
from dagster_kb.upkeep.freshness import FRESH, POINTS
from tests.end_to_end.conftest import PATIENCE, Stack, eventually

pytestmark = [
    pytest.mark.stack,
    pytest.mark.browser,
    pytest.mark.timeout(300),
]
ASSETS = ("parsed_documents", "chunks", "embeddings", "collection", "live_alias")


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all pages, as a person has: Dagster's programs of megabytes are fetched and compiled once."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def keep_picture(page: Page, name: str) -> None:
    folder = Path(os.environ.get("KB_TEST_PICTURES", ""))
    if folder.parts:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(folder / f"{name}.png"))


def test_the_asset_graph_shows_the_five_assets(stack: Stack, page: Page):
    page.goto(f"{stack.dagster_url}/asset-groups")
    for group in ("knowledge", "entities"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible(timeout=PATIENCE)
    page.goto(f"{stack.dagster_url}/locations/dagster_kb/asset-groups/knowledge/lineage")
    for asset in ASSETS:
        expect(page.get_by_text(asset, exact=True).first).to_be_visible(timeout=PATIENCE)
    keep_picture(page, "lineage")


@pytest.mark.parametrize("asset", ASSETS)
def test_the_page_of_an_asset_tells_its_story(stack: Stack, page: Page, asset: str):
    page.goto(f"{stack.dagster_url}/assets/{asset}?view=events&partition=garden")
    expect(page.get_by_text("generation").first).to_be_visible(timeout=PATIENCE)
    keep_picture(page, f"asset-{asset}")


def test_the_checks_of_the_collection_are_shown(stack: Stack, page: Page):
    page.goto(f"{stack.dagster_url}/assets/collection?view=checks")
    for gate in GATES:
        expect(page.get_by_text(gate.name).first).to_be_visible(timeout=PATIENCE)
    keep_picture(page, "checks")


@pytest.mark.parametrize("asset", ASSETS)
def test_a_stranger_reads_what_it_is_and_what_to_do_when_it_is_red(
    stack: Stack, page: Page, asset: str
):
    page.goto(f"{stack.dagster_url}/assets/{asset}?view=overview")
    expect(page.get_by_text("When it is red:").first).to_be_visible(timeout=PATIENCE)
    for fact in ("knowledge", "Columns", "refresh_knowledge"):
        expect(page.get_by_text(fact).first).to_be_visible(timeout=PATIENCE)
    keep_picture(page, f"overview-{asset}")


def test_every_agent_has_its_status(stack: Stack, page: Page):
    page.goto(f"{stack.dagster_url}/assets/live_alias?view=partitions&partition=garden")
    for agent in ("garden", "kitchen"):
        expect(page.get_by_text(agent, exact=True).first).to_be_visible(timeout=PATIENCE)
    for fact in ("aliases", "served", "git_sha", "generations"):
        expect(page.get_by_text(fact, exact=True).first).to_be_visible(timeout=PATIENCE)
    keep_picture(page, "partitions")


def test_a_changed_document_is_named_in_a_table(stack: Stack, page: Page):
    # The page shows the newest run, so the change is one that the sensor alone takes up.
    watering = "knowledge/garden/watering.md"
    said = stack.repository.show("HEAD", watering)
    stack.repository.write({watering: f"{said}\n## Cacti\n\nCacti want no water in winter.\n"})
    sha = stack.repository.commit("what cacti want")
    eventually(lambda: state_at(stack, "garden", sha) == "live")
    page.goto(f"{stack.dagster_url}/assets/parsed_documents?view=events&partition=garden")
    expect(page.get_by_text("news", exact=True).first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("knowledge/garden/watering.md").first).to_be_visible()


def test_a_failing_golden_question_is_shown_with_what_came_instead(stack: Stack, page: Page):
    golden = "knowledge/kitchen/golden.yaml"
    wrong = {"question": "How long does hard cheese keep?", "path": "storing.md",
             "quote": "Hard cheese keeps for two years"}  # fmt: skip
    stack.repository.write({golden: json.dumps({"questions": [wrong]})})
    stack.repository.commit("a golden question that nothing answers")

    def is_shown() -> bool:
        # The page shows the newest run, whosever: one of another agent may have begun after ours.
        assert stack.kb("ingest", "--agent", "kitchen", check=False).returncode == 1
        page.goto(f"{stack.dagster_url}/assets/collection?view=checks&checkDetail=finds_golden")
        try:
            page.get_by_text(wrong["question"]).first.wait_for(timeout=PATIENCE / 3)
        except NotShown:
            return False
        return True

    eventually(is_shown)
    for words in (wrong["question"], wrong["quote"], "Hard cheese keeps for six weeks"):
        expect(page.get_by_text(words).first).to_be_visible(timeout=PATIENCE)
    keep_picture(page, "golden")
    stack.repository.remove(golden)
    stack.repository.commit("without it")
    stack.kb("ingest", "--agent", "kitchen")


def state_at(stack: Stack, agent: str, sha: str) -> str | None:
    found = stack.kb_json("generations", agent)["generations"]
    return next((one["state"] for one in found if one["git_sha"] == sha), None)


def test_freshness_is_a_check_of_what_is_served(stack: Stack, page: Page):
    # The page shows the newest run, and one that was refused before its swap never asked.
    stack.kb("ingest", "--agent", "garden")
    page.goto(f"{stack.dagster_url}/assets/live_alias?view=checks&checkDetail={FRESH}")
    for check in (FRESH, POINTS):
        expect(page.get_by_text(check).first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("is what git says").first).to_be_visible(timeout=PATIENCE)
    keep_picture(page, "freshness")


def test_all_that_runs_by_itself_is_listed_with_what_it_does(stack: Stack, page: Page):
    page.goto(f"{stack.dagster_url}/automation")
    for name in (
        "knowledge_changes",
        "freshness",
        "failed_runs",
        "refresh_nightly",
        "purge_runs_nightly",
    ):
        expect(page.get_by_text(name, exact=True).first).to_be_visible(timeout=PATIENCE)
    keep_picture(page, "automation")


def test_the_api_documents_itself(stack: Stack, page: Page):
    page.goto(f"{stack.api_url}/openapi.json")
    expect(page.locator("body")).to_contain_text("/threads")
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    page.goto(f"{stack.api_url}/docs")
    expect(page.get_by_role("button", name="Authorize")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#operations-tag-orchestration")).to_be_visible(timeout=PATIENCE)
    assert not wrong, "its policy lets all of it run"
    assert all(one.startswith((stack.api_url, "data:")) for one in asked), asked
    keep_picture(page, "api")
