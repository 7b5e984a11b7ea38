"""The console in headless Chromium, over the running stack: real questions, a real approval, real keys."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.conftest import PATIENCE, ROOT, Stack, eventually, free_port
from tests.end_to_end.test_pages_in_a_browser import keep_picture

pytestmark = [
    pytest.mark.stack,
    pytest.mark.browser,
    pytest.mark.timeout(400),
]
WATER = "How much water do tomatoes want?"
REFRESH = "Refresh the knowledge of the garden agent"
PATHS = ("/", "/approvals", "/knowledge?agent=garden", "/runs", "/costs")
# Each width and each scheme once; the other two of four are in `make full`.
LOOKS = (
    (400, False), (1600, True),
    pytest.param(400, True, marks=pytest.mark.full), pytest.param(1600, False, marks=pytest.mark.full),
)  # fmt: skip
HOSTILE = (
    "\n## Vinegar\n\nVinegar keeps for eleven years <img src=\"http://evil.example/a.png\" "
    "onerror=\"window.hit=1\"> in a dark ![p](http://evil.example/b.png) place, "
    "says [the cook](javascript:window.hit=2).\n"
)  # fmt: skip


@contextmanager
def open_page(browser: Browser, *, width: int = 1600, dark: bool = False) -> Iterator[Page]:
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, locale="en-GB"
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with open_page(browser) as page:
        yield page


def ask(page: Page, question: str) -> None:
    # The page is alive once its parts are filled in; before, a key has nobody to go to.
    expect(page.locator(".health-word")).to_have_text(re.compile("ok|degraded"), timeout=PATIENCE)
    page.keyboard.press("Control+k")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type(question)
    page.keyboard.press("Enter")


def answered(page: Page) -> None:
    expect(page.locator(".answer-foot").last).to_be_visible(timeout=PATIENCE)


def test_a_question_is_asked_and_its_quote_opened(stack: Stack, page: Page):
    page.goto(f"{stack.api_url}/console")  # as the README and `kb demo` write it
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    ask(page, WATER)
    answered(page)
    expect(page.locator(".prose").last).to_contain_text("two litres")
    expect(page.locator(".node.is-done")).to_have_count(page.locator(".node").count())
    expect(page.locator(".coverage summary")).to_contain_text("sentences stand on sources")
    page.get_by_role("button", name="Citation 1").first.click()
    passage = page.get_by_role("region", name="Passage of citation 1")
    expect(passage.locator("mark")).to_contain_text("two litres")
    expect(passage).to_contain_text("knowledge/garden/watering.md")
    expect(passage.get_by_role("link", name="Dagster asset")).to_have_attribute(
        "href", re.compile("/assets/live_alias")
    )
    keep_picture(page, "console-ask")
    page.keyboard.press("Escape")
    expect(passage).to_have_count(0)
    expect(page.get_by_role("button", name="Citation 1").first).to_be_focused()
    page.get_by_role("button", name="No", exact=True).click()
    page.get_by_placeholder("What should it have said?").fill("Two litres, in the morning.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A correction becomes a test")).to_be_visible()
    address = page.url
    page.goto(f"{stack.api_url}/console/")
    page.get_by_role("link", name=WATER).first.click()
    expect(page.locator(".prose").last).to_contain_text("two litres")
    assert page.url == address


def test_an_approval_is_edited_elsewhere_and_both_pages_learn_of_it(stack: Stack, browser: Browser):
    with open_page(browser) as asker, open_page(browser) as approver, open_page(browser) as late:
        asker.goto(f"{stack.api_url}/console/")
        ask(asker, REFRESH)
        expect(asker.locator(".request-what")).to_be_visible()
        expect(asker.locator(".node.is-approval")).to_be_visible()
        for one in (approver, late):
            one.goto(f"{stack.api_url}/console/approvals")
            one.locator(".cards button", has_text=REFRESH).first.click()
            expect(one.get_by_role("heading", name="Exactly this")).to_be_visible()
            one.get_by_role("button", name="Approve", exact=True).click()
            expect(one.get_by_role("button", name="Yes, approve")).to_be_visible()
        approver.get_by_role("button", name="Back").click()
        approver.get_by_text("Edit what is done").click()
        approver.get_by_label("reason").fill("asked in the console")
        approver.get_by_role("button", name="Approve edited").click()
        expect(approver.locator(".confirm pre")).to_contain_text("asked in the console")
        approver.get_by_role("button", name="Yes, approve edited").click()
        expect(approver.locator(".chip.is-edited").first).to_be_visible()
        expect(late.locator(".chip.is-edited").first).to_be_visible()
        expect(late.locator(".cards button", has_text=REFRESH)).to_have_count(0)
        keep_picture(approver, "console-decided")
        answered(asker)
        expect(asker.locator(".prose").last).to_contain_text("garden")


def test_what_documents_and_questions_say_is_words(stack: Stack, page: Page):
    storing = "knowledge/kitchen/storing.md"
    stack.repository.write({storing: stack.repository.show("HEAD", storing) + HOSTILE})
    stack.repository.commit("what vinegar does")
    stack.kb("ingest", "--agent", "kitchen")
    called: list[str] = []
    page.on("request", lambda request: called.append(request.url))
    page.goto(f"{stack.api_url}/console/")
    ask(page, "How long does vinegar keep?")
    answered(page)
    expect(page.locator(".prose").last).to_contain_text("eleven years")
    page.get_by_role("button", name="Citation 1").first.click()
    expect(page.locator(".passage-text")).to_contain_text("evil.example")
    ask(page, "And <img src=x onerror=window.hit=3><script>window.hit=4</script> honey?")
    expect(page.locator(".turn-head h1").last).to_contain_text("<script>window.hit=4</script>")
    expect(page.locator(".answer-foot, .request")).to_have_count(2)
    assert page.evaluate("window.hit") is None
    assert page.locator("img, iframe, object").count() == 0
    assert page.locator(".page script, .page [onerror], .page a[href^=javascript]").count() == 0
    assert {httpx.URL(one).host for one in called} == {"127.0.0.1"}


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_page_fits_and_is_accessible_by_the_rules_of_axe(
    stack: Stack, browser: Browser, width: int, dark: bool
):
    rules = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    with open_page(browser, width=width, dark=dark) as page:
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        for path in PATHS:
            page.goto(f"{stack.api_url}/console{path}")
            expect(page.locator("h1").first).to_be_visible()
            expect(page.locator(".loading")).to_have_count(0)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} at {width}: {wide} pixels too wide"
            name = path.strip("/").partition("?")[0] or "ask"
            keep_picture(page, f"console-{name}-{width}{'-dark' if dark else ''}")
            page.evaluate(rules)
            assert not serious_faults(page), path
        assert not wrong


def serious_faults(page: Page) -> list[tuple[str, list[str]]]:
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then(r => r.violations)")
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_the_menu_and_the_dark_switch(stack: Stack, browser: Browser):
    with open_page(browser, width=400) as page:
        page.goto(f"{stack.api_url}/console/")
        expect(page.get_by_role("link", name="Knowledge", exact=True)).to_be_hidden()
        page.get_by_role("button", name="Menu").click()
        page.get_by_role("link", name="Knowledge", exact=True).click()
        expect(page.get_by_role("heading", name="Knowledge")).to_be_visible()
        expect(page.locator("body")).not_to_have_class(re.compile("body--dark"))
        page.get_by_role("button", name="Dark or light").click()
        expect(page.locator("body")).to_have_class(re.compile("body--dark"))
        page.reload()
        expect(page.locator("body")).to_have_class(re.compile("body--dark"))


def test_what_changed_between_two_generations(stack: Stack, page: Page):
    watering = "knowledge/garden/watering.md"
    said = stack.repository.show("HEAD", watering)
    stack.repository.write({watering: f"{said}\n## Ferns\n\nFerns want shade and damp earth.\n"})
    stack.repository.commit("what ferns want")
    stack.kb("ingest", "--agent", "garden")
    page.goto(f"{stack.api_url}/console/knowledge?agent=garden")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".chip.is-changed").first).to_be_visible()
    expect(page.get_by_text(watering).first).to_be_visible()


@pytest.fixture
def guarded(stack: Stack) -> Iterator[str]:
    """A second server on the same stack, which asks who is there."""
    port = free_port()
    environment = {**stack.environment, "KB_AUTH": "required", "KB_API_KEY": "k" * 40}
    process = subprocess.Popen(
        [sys.executable, "-m", "kb", "serve", "--port", str(port)], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def up() -> bool:
        assert process.poll() is None
        try:
            return httpx.get(f"{url}/ok", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        eventually(up)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def test_a_viewer_signs_in_and_learns_why_they_may_not_decide(
    stack: Stack, guarded: str, browser: Browser
):
    key = stack.kb_json("keys", "create", "vic", "--role", "viewer")["key"]
    asked = httpx.post(
        f"{stack.api_url}/orchestrate", json={"question": REFRESH, "wait": True}, timeout=120
    ).json()
    [waiting] = asked["approvals"]
    with open_page(browser) as page:
        page.goto(f"{guarded}/console/approvals?open={waiting['approval_id']}")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.get_by_label("Key or token").fill("scr_wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Key or token").fill(key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".who")).to_have_text("vic")
        expect(page.get_by_role("heading", name=REFRESH)).to_be_visible()  # where they wanted to go
        [cookie] = [one for one in page.context.cookies() if one["name"] == "scriptorium_console"]
        assert (cookie["httpOnly"], cookie["sameSite"], key in cookie["value"]) == (
            True,
            "Strict",
            False,
        )
        expect(page.get_by_text("asks for the role approver")).to_be_visible()
        expect(page.get_by_role("button", name="Approve", exact=True)).to_be_disabled()
        page.goto(f"{guarded}/console/nowhere")
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
        page.goto(f"{guarded}/console/costs")
        expect(page.get_by_text("this is for the role operator")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.goto(f"{guarded}/console/") is not None
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    httpx.delete(f"{stack.api_url}/orchestration/{asked['session_id']}", timeout=60)
