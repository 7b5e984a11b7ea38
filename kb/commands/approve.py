"""`kb approve`."""

import json
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from kb.server_access import server_client
from kb.terminal import Lanes, console, progress_console, say_json, show_answer
from kb_contract.errors import BadInput


def approve(
    approval_id: Annotated[str, typer.Argument(help="As `kb approvals` shows it.")],
    edit: Annotated[
        Path | None,
        typer.Option(help="JSON file with the arguments to use.", exists=True, dir_okay=False),
    ] = None,
    refresh: Annotated[
        bool, typer.Option(help="Look again at what is live now; asks anew if that differs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Let a step go on, with other arguments if you like, and wait for the answer."""
    out = progress_console()
    answer = server_client().approve(
        approval_id,
        edit=_arguments(edit),
        refresh=refresh,
        on_event=Lanes(out, quiet=not out.is_terminal),
    )
    if as_json:
        say_json(answer)
    else:
        show_answer(answer, console())


def _arguments(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(
            str(error), where=str(path), cure="give a file with a JSON object"
        ) from error
    if not isinstance(found, dict):
        raise BadInput(
            "this is not a JSON object", where=str(path), cure="give the arguments by name"
        )
    return cast("dict[str, Any]", found)
