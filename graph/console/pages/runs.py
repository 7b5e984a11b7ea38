"""Runs: what was asked and what became of it; one run's steps in time; measurements of how good answers are."""

from typing import Any, Final

from fastapi import Request
from nicegui import ui

from graph.console.charts import lines_of_figures
from graph.console.frame import Seat, every, framed
from graph.console.page_work import begin
from graph.console.run_timeline import timeline_of
from graph.console.server_calls import Refused
from graph.console.views import View

RUNS: Final = 60
LOOK_SECONDS: Final = 5.0


async def runs_page(seat: Seat, request: Request) -> None:
    """The list, with one run open."""
    await RunsPage(seat, request.query_params.get("run", "")).show()


class RunsPage:
    """The newest runs beside the one that is looked at; measurements below."""

    def __init__(self, seat: Seat, opened: str) -> None:
        self.seat, self.calls, self.opened = seat, seat.calls, opened
        self.runs: list[dict[str, Any]] = []

    async def show(self) -> None:
        with framed(self.seat, "/runs", "Runs"):
            with ui.element("div").classes("inbox"):
                self.listed = View("runs.html", self._acted, classes="inbox-list")
                self.detail = View("run.html", classes="inbox-open wide")
            with ui.element("section").classes("measured"):
                self.measured = View("evaluations.html")
                self.chart = ui.element("div").classes("chart wide")
        self.listed.show(loading=True)
        begin(self._show_measurements())
        every(LOOK_SECONDS, self._look)

    async def _look(self) -> None:
        try:
            said = await self.calls.get("/workflows", limit=RUNS)
        except Refused as refusal:
            self.listed.show(refusal=refusal)
            return
        changed = said["runs"] != self.runs
        self.runs = said["runs"]
        self.opened = self.opened or (self.runs[0]["run_id"] if self.runs else "")
        self.listed.show(runs=self.runs, opened=self.opened)
        if changed:
            await self._open()

    async def _open(self) -> None:
        run = next((one for one in self.runs if one["run_id"] == self.opened), None)
        if run is None:
            self.detail.show()
            return
        path = f"/orchestration/{run['thread_id']}/transcript"
        try:
            told = await self.calls.get(path)
        except Refused as refusal:
            self.detail.show(refusal=refusal, run=run)
            return
        lines = [one for one in told["events"] if one["run"] == run["run_id"]]
        self.detail.show(run=run, timeline=timeline_of(lines), lines=lines)

    async def _acted(self, act: dict[str, Any]) -> None:
        match act:
            case {"act": "open", "run": str(run)}:
                self.opened = run
                self.listed.show(runs=self.runs, opened=run)
                await self._open()
            case _:
                return

    async def _show_measurements(self) -> None:
        try:
            said = await self.calls.get("/evaluations")
        except Refused as refusal:
            self.measured.show(refusal=refusal)
            return
        rows = said["evaluations"]
        self.measured.show(rows=rows)
        if len(rows) > 1:
            with self.chart:
                drawn = ui.echart(lines_of_figures(rows)).classes("chart-canvas")
                drawn.props["aria-hidden"] = "true"
