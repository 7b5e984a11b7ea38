"""`kb revoke`."""

from typing import Annotated

import typer

from kb.server_access import server_client
from kb.terminal import console, escape, say_json


def revoke(
    approval_id: Annotated[str, typer.Argument(help="As `kb approvals` showed it.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Take your decision back, as long as nothing was done with it; it waits again."""
    waiting = server_client().revoke(approval_id)
    if as_json:
        say_json(waiting)
    else:
        console().print(f"{escape(approval_id)} is {escape(str(waiting['status']))} again")
