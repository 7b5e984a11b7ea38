"""What every page of the console has around it: name, navigation, health, who is signed in, dark or light."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from graph.console.gate import MOUNTED
from graph.console.server_calls import Refused, ServerCalls
from graph.console.views import View

HEALTH_SECONDS: Final = 15.0
PAGES: Final = (
    ("/", "Ask"),
    ("/approvals", "Approvals"),
    ("/knowledge", "Knowledge"),
    ("/runs", "Runs"),
    ("/costs", "Costs"),
)
# Kept by the browser for the next page; the server has no say in how anyone likes to read.
_DARK_SWITCH: Final = """() => {
  const dark = !document.body.classList.contains("body--dark");
  document.cookie = `scriptorium_dark=${dark ? 1 : 0}; path=%s; max-age=31536000; SameSite=Strict`;
  Quasar.Dark.set(dark);
}"""
_MENU_SWITCH: Final = """(event) => {
  const open = document.body.classList.toggle("menu-open");
  event.currentTarget.setAttribute("aria-expanded", String(open));
}"""
DARK_COOKIE: Final = "scriptorium_dark"


@dataclass(frozen=True)
class Seat:
    """Where a page is shown: for whom, under which address."""

    calls: ServerCalls
    signed_in: bool
    dark: bool | None = None
    """None: as the reader's system has it."""


@contextmanager
def framed(seat: Seat, place: str, title: str) -> Generator[None]:
    """Put what is in the block into the frame."""
    ui.page_title(f"{title} · Scriptorium")
    ui.dark_mode(seat.dark)
    ui.add_head_html(f'<link rel="stylesheet" href="{MOUNTED}/assets/console.css">')
    ui.add_body_html(f'<script defer src="{MOUNTED}/assets/console.js"></script>')
    with ui.header(elevated=False).classes("masthead"):
        masthead = View("masthead.html", classes="masthead-row")
        masthead.show(
            pages=PAGES, place=place, signed_in=seat.signed_in, name=seat.calls.visit.name
        )  # fmt: skip
        with ui.element("div").classes("masthead-tools"):
            health = View("health.html", classes="health")
            _switch("Dark or light", "◐", _DARK_SWITCH % MOUNTED, "dark-switch")
            _switch("Menu", "☰", _MENU_SWITCH, "menu-switch")
    _watch_health(seat.calls, health)
    with ui.element("div").classes("page"):
        trouble = View("note.html")
        yield

    def tell() -> None:
        trouble.show(
            refusal=Refused(500, "a part of this page failed", "the server's log says why")
        )

    ui.context.client.on_exception(tell)


def _switch(label: str, sign: str, script: str, classes: str) -> None:
    button = ui.element("button").classes(f"quiet {classes}")
    button.props["type"] = "button"
    button.props["aria-label"] = label
    button.props["title"] = label
    button.on("click", js_handler=script)
    with button:
        ui.html(sign, tag="span")


def _watch_health(calls: ServerCalls, health: View) -> None:
    async def look() -> None:
        try:
            said = await calls.get("/health")
        except Refused as refusal:
            said = {"status": "unavailable", **refusal.more}
        health.show(health=said)

    every(HEALTH_SECONDS, look)


def every(seconds: float, look: Callable[[], Awaitable[None]]) -> None:
    """Look now, and again and again for as long as the page is open."""
    ui.timer(seconds, look, immediate=True)


async def shown(view: View, ask: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    """Show what the server says, or why it does not."""
    view.show(loading=True)
    try:
        view.show(**await ask())
    except Refused as refusal:
        view.show(refusal=refusal)
