"""The real server and a real worker in this process, on a database of yours and with a clock of yours."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
from fastapi import FastAPI

from graph.server.app import create_app, stop_streams
from graph.server.approval_timers import Tended
from graph.server.clock import Clock, utc_now
from graph.server.graph_set import GraphFactory
from graph.server.worker import Worker, open_worker
from graph.settings import ReaderSettings
from graph.testing.scripted_approver import Rule, ScriptedApprover

EVERY_SECOND: Final = "* * * * * *"


@dataclass
class RunningReader:
    """One server, and a worker while it is not stopped."""

    app: FastAPI
    http: httpx.AsyncClient
    worker: Worker | None = None

    async def ask(self, given: Mapping[str, Any], *, graph: str, user: str = "asker") -> str:
        """Ask on a thread of its own; return the thread when it is done or waits for people."""
        made = await self.http.post("/threads", json={})
        thread_id = str(made.raise_for_status().json()["thread_id"])
        run = {"assistant_id": graph, "input": dict(given)}
        place = f"/threads/{thread_id}/runs/wait"
        (await self.http.post(place, json=run, headers={"X-User": user})).raise_for_status()
        return thread_id

    async def tend(self) -> Tended:
        """Have the worker look at the clock now."""
        assert self.worker is not None, "the worker is stopped"  # noqa: S101 - a mistake in a test
        return await self.worker.people.timers.tend()

    def approver(self, name: str, rule: Rule | None = None) -> ScriptedApprover:
        approver = ScriptedApprover(self.http, name=name)
        if rule is not None:
            approver.rule = rule
        return approver


@asynccontextmanager
async def running_reader(
    settings: ReaderSettings,
    graphs: Mapping[str, GraphFactory],
    *,
    now: Clock = utc_now,
    with_worker: bool = True,
    tends_itself: bool = False,
) -> AsyncGenerator[RunningReader]:
    """Run it for the length of the block; time has its effects when you call `tend`, or by itself within a second."""
    app = create_app(settings, graphs, now=now)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", timeout=60
        ) as http,
    ):
        reader = RunningReader(app, http)
        try:
            if with_worker:
                async with running_worker(
                    settings, graphs, now=now, tends_itself=tends_itself
                ) as reader.worker:
                    yield reader
            else:
                yield reader
        finally:
            stop_streams(app)


@asynccontextmanager
async def running_worker(
    settings: ReaderSettings,
    graphs: Mapping[str, GraphFactory],
    *,
    now: Clock = utc_now,
    tends_itself: bool = False,
) -> AsyncGenerator[Worker]:
    """Run a worker for the length of the block; at its end runs are given back, as on SIGTERM."""
    stopping = asyncio.Event()
    async with open_worker(settings, graphs, stopping, now=now) as opened:
        people = replace(opened.people, cron=EVERY_SECOND if tends_itself else None)
        worker = replace(opened, people=people)
        work = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            stopping.set()
            with contextlib.suppress(asyncio.CancelledError):
                await work
