"""The table of `make chaos`: which faults there were, and what they did."""

import pytest
from rich.console import Console
from rich.table import Table

FACTS = ("plans", "faults", "lost", "wrong", "repeated")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-table", action="store_true", help="one row for each test at the end")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if not config.getoption("--fault-table", default=False):
        return
    table = Table(title="Faults, and what they did", title_justify="left")
    for column in ("test", *FACTS, "outcome", "seconds"):
        table.add_column(column, overflow="fold")
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            # A test that is skipped, or whose parts do not start, never comes to its call.
            if report.when == "call" or outcome != "passed":
                told = dict(report.user_properties)
                name = report.nodeid.removeprefix("tests/")
                facts = (str(told.get(fact, "")) for fact in FACTS)
                table.add_row(name, *facts, outcome, f"{report.duration:.1f}")
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
