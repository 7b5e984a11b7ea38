"""Mounts the console in the server's app; importing this is what costs, so only `kb serve` does it."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final

from fastapi import FastAPI, Request
from nicegui import app as pages
from nicegui import ui

from graph.console.frame import DARK_COOKIE, Seat
from graph.console.gate import ANYBODY, MOUNTED, Gate, visit_of
from graph.console.missing import show_missing
from graph.console.page_policy import PagePolicy
from graph.console.pages.approvals import approvals_page
from graph.console.pages.ask import ask_page
from graph.console.pages.costs import costs_page
from graph.console.pages.knowledge import knowledge_page
from graph.console.pages.runs import runs_page
from graph.console.server_calls import ServerCalls
from graph.console.sign_in import SignIn
from graph.console.visits import Visits

RECONNECT_SECONDS: Final = 20.0
Page = Callable[[Seat, Request], Awaitable[None]]
PAGES: Final[dict[str, Page]] = {
    "/": ask_page,
    "/approvals": approvals_page,
    "/knowledge": knowledge_page,
    "/runs": runs_page,
    "/costs": costs_page,
}


def mount_console(server: FastAPI, *, asks_who: bool) -> None:
    """Add /console; once in a process, because NiceGUI has one app in each."""
    visits = Visits()
    # The first added is the innermost: the policy must see pages before they are compressed.
    pages.add_middleware(PagePolicy)
    pages.add_middleware(Gate, visits=visits, asks=asks_who)
    pages.add_exception_handler(404, show_missing)
    pages.include_router(SignIn(server, visits).router())
    pages.add_static_files("/assets", str(files("graph.console") / "assets"))
    for path, show in PAGES.items():
        _add_page(server, visits, path, show, asks_who=asks_who)
    ui.run_with(
        server,
        mount_path=MOUNTED,
        title="Scriptorium",
        language="en-US",
        dark=None,
        tailwind=False,
        favicon=_FAVICON,
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_SECONDS,
        show_welcome_message=False,
    )


def _add_page(server: FastAPI, visits: Visits, path: str, show: Page, *, asks_who: bool) -> None:
    async def page(request: Request) -> None:
        visit = visit_of(request.scope) if asks_who else ANYBODY
        address = request.client.host if request.client else "nobody"
        calls = ServerCalls(server, visits, visit, address)
        await show(Seat(calls, asks_who, _dark(request)), request)

    ui.page(path)(page)


def _dark(request: Request) -> bool | None:
    said = request.cookies.get(DARK_COOKIE)
    return None if said is None else said == "1"


_FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" '
    'fill="#27548a"/><path d="M9 22c6 0 8-2 8-6s-6-3-6-6 3-3 11-3" fill="none" stroke="#fff" '
    'stroke-width="2.6" stroke-linecap="round"/></svg>'
)
