"""`kb respond`."""

from typing import Annotated

import typer

from kb.server_access import server_client
from kb.terminal import Lanes, console, progress_console, say_json, show_answer


def respond(
    approval_id: Annotated[str, typer.Argument(help="As `kb approvals` shows it.")],
    message: Annotated[str, typer.Argument(help="What stands in the place of the step's result.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Answer in the place of a step, which is then not done, and wait for the answer."""
    out = progress_console()
    answer = server_client().respond(
        approval_id, message, on_event=Lanes(out, quiet=not out.is_terminal)
    )
    if as_json:
        say_json(answer)
    else:
        show_answer(answer, console())
