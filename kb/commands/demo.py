"""`kb demo`: what `make run` shows, from an empty machine to a cited answer."""

import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from kb.client import Client
from kb.client.shapes import Answer, Approval
from kb.server_access import server_client
from kb.settings import find_addresses, load_settings
from kb.terminal import Lanes, console, show_answer, show_approvals

QUESTION = (
    "Compare the review after a security incident with the review after an outage, "
    "and then refresh the knowledge of security_agent."
)


def demo(
    question: Annotated[str, typer.Argument(help="Another question.")] = QUESTION,
) -> None:
    """Start the stack, ingest knowledge/, ask a question that needs agents and an approval."""
    out = console()
    _run(out, "Starting the stack", "up", "--detach")
    _run(out, "Turning knowledge/ into checked collections", "ingest")
    out.rule("A question for several agents")
    out.print(f"[bold]{escape(question)}[/bold]\n")
    client = server_client()
    show = Lanes(out)
    answer = client.ask(question, on_event=show)
    while waiting := answer.get("approvals"):
        show_approvals(waiting, out)
        answer = _decide(client, waiting[0], out, show)
    show_answer(answer, out)
    _where(out)
    if not answer["citations"]:
        raise typer.Exit(1)


def _run(out: Console, title: str, *arguments: str) -> None:
    out.rule(title)
    done = subprocess.run([sys.executable, "-m", "kb", *arguments], check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def _decide(client: Client, approval: Approval, out: Console, show: Lanes) -> Answer:
    approval_id = approval["approval_id"]
    if not sys.stdin.isatty():
        out.print("[yellow]No terminal to ask on: approving as the local operator.[/yellow]")
        return client.approve(approval_id, on_event=show)
    if typer.confirm("Approve this step?", default=True):
        return client.approve(approval_id, on_event=show)
    return client.reject(approval_id, message="rejected at the terminal", on_event=show)


def _where(out: Console) -> None:
    addresses = find_addresses(load_settings())
    out.rule("The stack goes on running")
    out.print(f"Console                    {addresses.api_url}/console")
    out.print(f"API and its documentation  {addresses.api_url}/docs")
    out.print(f"Dagster                    {addresses.dagster_url}/asset-groups")
    out.print(
        'Ask                        kb ask "How do I undo the last commit but keep my changes?"'
    )
    out.print("Stop it                    kb down")
