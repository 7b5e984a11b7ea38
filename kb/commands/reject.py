"""`kb reject`."""

from typing import Annotated

import typer

from kb.server_access import server_client
from kb.terminal import Lanes, console, progress_console, say_json, show_answer


def reject(
    approval_id: Annotated[str, typer.Argument(help="As `kb approvals` shows it.")],
    message: Annotated[str, typer.Option(help="Why; it is kept and shown in the answer.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Refuse a step, and wait for the answer without it."""
    out = progress_console()
    answer = server_client().reject(
        approval_id, message=message, on_event=Lanes(out, quiet=not out.is_terminal)
    )
    if as_json:
        say_json(answer)
    else:
        show_answer(answer, console())
