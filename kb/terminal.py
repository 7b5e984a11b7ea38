"""What commands print: one JSON document on stdout, or colour and progress for people."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.panel import Panel
from rich.table import Table

from graph.citations.readable import visible
from graph.classification.question_back import asked_back

SHOWN_EVENTS = {
    "plan": "planned", "step_started": "started", "step_finished": "finished",
    "step_failed": "failed", "approval_asked": "asks for approval",
    "approval_answered": "was answered", "retrieving": "is searching", "passages": "found passages",
}  # fmt: skip
WIDTH_OF_FILES = 160
LANE_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


def escape(text: str) -> str:
    """Take the power out of text from documents and people: over the terminal, and over its colours."""
    return escape_markup(visible(text))


def say_json(data: object) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def console() -> Console:
    """The console for people: stdout."""
    return _console(stderr=False)


def progress_console() -> Console:
    """The console for what happens meanwhile: stderr."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr)
    # Without a terminal there is no width to keep to, and a wrapped table cannot be read by grep.
    return console if console.is_terminal else Console(stderr=stderr, width=WIDTH_OF_FILES)


@dataclass
class Lanes:
    """Prints what each agent does, in a colour of its own."""

    to: Console
    quiet: bool = False
    _colours: dict[str, str] = field(default_factory=dict)

    def __call__(self, event: Mapping[str, Any]) -> None:
        words = SHOWN_EVENTS.get(str(event.get("type")))
        if self.quiet or words is None:
            return
        lane = str(event.get("lane") or event.get("agent") or "plan")
        colour = self._colours.setdefault(
            lane, LANE_COLOURS[len(self._colours) % len(LANE_COLOURS)]
        )
        step = f" [dim]{escape(str(event['step']))}[/dim]" if event.get("step") else ""
        self.to.print(f"[{colour}]{escape(lane):<22}[/{colour}]{step} {words}{_detail(event)}")


def _detail(event: Mapping[str, Any]) -> str:
    said = event.get("error") or event.get("message") or event.get("question")
    return f" [dim]{escape(str(said)[:90])}[/dim]" if said else ""


def show_answer(answer: Mapping[str, Any], to: Console) -> None:
    """Print an answer with its citations, or what it waits for."""
    if answer.get("approvals"):
        show_approvals(answer["approvals"], to)
        return
    to.print(
        Panel(
            escape(str(answer.get("answer") or "")),
            title=f"[bold]{escape(str(answer.get('status')))}",
            subtitle=_age(answer),
        )
    )
    citations: Sequence[Mapping[str, Any]] = answer.get("citations") or []
    for number, one in enumerate(citations, start=1):
        page = f" page {one['page']}" if one.get("page") else ""
        place = f"{one['path']}@{one['sha'][:10]}:{one['start']}-{one['end']}{page}"
        mark = " [yellow](uncommitted)[/yellow]" if one.get("uncommitted") else ""
        to.print(f"[bold cyan]\\[{number}][/bold cyan] “{escape(one['quote'])}”{mark}")
        to.print(
            f"    [dim]{escape(place)} · {escape(str(one['agent_id']))} generation {one['generation']}[/dim]"
        )

    _show_support(answer, to)


def _age(answer: Mapping[str, Any]) -> str | None:
    """Say that it was worked out before, and when."""
    if not answer.get("cached"):
        return None
    about: Mapping[str, Any] = answer.get("cache") or {}
    return f"[dim]kept {float(about.get('age_seconds') or 0):.0f} s ago · `--no-cache` works it out anew"


def _show_support(answer: Mapping[str, Any], to: Console) -> None:
    """Say how much of an answer stands on quotes, and what the sources differ in."""
    coverage: Mapping[str, Any] = answer.get("coverage") or {}
    if coverage.get("total"):
        whole = coverage["supported"] == coverage["total"] and not coverage["left_out"]
        left_out = sum(coverage["left_out"].values())
        more = f", {left_out} left out" if left_out else ""
        to.print(
            f"[{'green' if whole else 'yellow'}]{coverage['supported']} of {coverage['total']} "
            f"sentences stand on quotes{more}[/]"
        )
    conflicts: Sequence[Mapping[str, Any]] = answer.get("conflicts") or ()
    for one in conflicts:
        sides = " against ".join(
            f"{escape(str(side['value']))} ({escape(str(side['title']))})" for side in one["sides"]
        )
        to.print(f"[yellow]sources differ[/yellow] in {one['kind']}: {sides}")


def show_approvals(waiting: Sequence[Mapping[str, Any]], to: Console) -> None:
    """Print what waits for a person, and how to answer."""
    if not waiting:
        to.print("Nothing waits for an approval.")
    for one in waiting:
        to.print(Panel(_request(one), title=f"[bold yellow]approval {one['approval_id']}"))
        to.print(f"  {_ways_to_answer(one)}")


def _ways_to_answer(approval: Mapping[str, Any]) -> str:
    name = approval["approval_id"]
    if asked_back([approval]):
        return f"kb respond {name} '…'    kb approve {name}    kb reject {name}"
    return f"kb approve {name}    kb reject {name} --message '…'"


def _request(approval: Mapping[str, Any]) -> str:
    request: Mapping[str, Any] = approval.get("request") or {}
    lines: list[str] = []
    actions: Sequence[Mapping[str, Any]] = request.get("action_requests") or ()
    for action in actions:
        lines.append(f"[bold]{escape(str(action.get('description') or action.get('name')))}[/bold]")
        lines.append(escape(json.dumps(action.get("args"), ensure_ascii=False, indent=2)))
    lines += [escape(one) for one in _circumstances(approval)]
    return "\n".join(lines) or escape(json.dumps(request, ensure_ascii=False, indent=2))


def _circumstances(approval: Mapping[str, Any]) -> list[str]:
    """What helps to decide, beside the description: words that it stands on, deadline, changes."""
    request: Mapping[str, Any] = approval.get("request") or {}
    evidence: Sequence[Mapping[str, Any]] = request.get("evidence") or ()
    lines = [f"“{one['quote'][:200]}” {one['path']}@{one['sha'][:10]}" for one in evidence]
    following: Mapping[str, str] = request.get("next") or {}
    lines += [f"{answer}: {then}" for answer, then in following.items()]
    knowledge: Mapping[str, Any] = approval.get("knowledge") or {}
    if knowledge.get("changed"):
        lines.append(
            f"{knowledge['changed']} of {knowledge['cited']} cited passages have changed since: "
            "kb approve --refresh looks again"
        )
    if approval.get("deadline"):
        lines.append(f"deadline: {approval['deadline']}")
    return lines


def show_plan(plan: Mapping[str, Any], to: Console) -> None:
    """Print a plan as a table."""
    table = Table(title=f"{plan.get('shape')} · {plan.get('query_type')}", title_justify="left")
    for column in ("step", "agent", "capability", "question", "after", "approval"):
        table.add_column(column)
    steps: Sequence[Mapping[str, Any]] = plan.get("steps") or ()
    for step in steps:
        approval = "[yellow]yes[/yellow]" if step["requires_approval"] else ""
        after = ", ".join(step["depends_on"])
        row = (step["step_id"], step["agent"], step["capability"], step["question"], after)
        table.add_row(*(escape(str(cell)) for cell in row), approval)
    to.print(table)
    if plan.get("clarification"):
        to.print(f"[yellow]{escape(plan['clarification'])}[/yellow]")
