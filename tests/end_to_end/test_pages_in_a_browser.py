"""Dagster's pages and the API's own, in headless Chromium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from dagster_kb.release_checks import GATES
from tests.end_to_end.conftest import Stack

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.stack,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000
ASSETS = ("parsed_documents", "chunks", "embeddings", "collection", "live_alias")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with sync_playwright() as tools:
        context = tools.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, args=FLAGS,
            viewport={"width": 1600, "height": 1000},
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        yield context.pages[0]
        context.close()


def keep_picture(page: Page, name: str) -> None:
    folder = Path(os.environ.get("KB_TEST_PICTURES", ""))
    if folder.parts:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(folder / f"{name}.png"))


def test_the_asset_graph_shows_the_five_assets(stack: Stack, page: Page):
    page.goto(f"{stack.dagster_url}/asset-groups")
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


def test_the_api_documents_itself(stack: Stack, page: Page):
    page.goto(f"{stack.api_url}/openapi.json")
    expect(page.locator("body")).to_contain_text("/threads")
