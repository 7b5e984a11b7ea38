"""`kb approvals`."""

from typing import Annotated

import typer

from kb.server_access import server_client
from kb.terminal import console, say_json, show_approvals


def approvals(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List what waits for a person."""
    waiting = server_client().approvals()
    if as_json:
        say_json({"approvals": waiting})
    else:
        show_approvals(waiting, console())
