"""Costs: what was spent by day, agent, model and user; what is left of budgets."""

from typing import Any, Final

from fastapi import Request
from nicegui import ui

from graph.console.charts import bars_by_day, bars_by_name
from graph.console.frame import Seat, framed
from graph.console.page_work import begin
from graph.console.server_calls import Refused
from graph.console.views import View

BREAKDOWNS: Final = (("agent", "By agent"), ("model", "By model"), ("user", "By user"))
MOST: Final = 12


async def costs_page(seat: Seat, _: Request) -> None:
    """The month so far."""
    await CostsPage(seat).show()


class CostsPage:
    """A chart for each way to look at the same money, each with its table."""

    def __init__(self, seat: Seat) -> None:
        self.seat, self.calls = seat, seat.calls

    async def show(self) -> None:
        with framed(self.seat, "/costs", "Costs"):
            self.head = View("costs.html")
            self.charts = ui.element("div").classes("charts")
            self.rest = View("costly.html")
        self.head.show(loading=True)
        begin(self._fill())

    async def _fill(self) -> None:
        try:
            days = await self.calls.get("/costs", by="day", limit=62)
        except Refused as refusal:
            self.head.show(refusal=refusal)
            return
        self.head.show(said=days)
        if days["total"]["requests"]:
            with self.charts:
                _chart("By day", bars_by_day(days["rows"]), days["rows"], classes="wide")
            for by, title in BREAKDOWNS:
                said = await self.calls.get("/costs", by=by, limit=MOST)
                with self.charts:
                    _chart(title, bars_by_name(said["rows"]), said["rows"])
        self.rest.show(said=days)


def _chart(
    title: str, options: dict[str, Any], rows: list[dict[str, Any]], *, classes: str = ""
) -> None:
    with ui.element("section").classes(f"chart {classes}"):
        drawn = ui.echart(options).classes("chart-canvas")
        drawn.props["aria-hidden"] = "true"
        View("cost_table.html").show(title=title, rows=rows)
