"""`kb status`: each part, and whether all is well."""

import json as json_text
from typing import Annotated

import typer

from kb.embedded.overview import Overview
from kb.settings import load_settings
from kb.state_file import read_state
from kb.terminal import console, progress_console


def status(
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show each part: state, port, pid, version, health. Exit 1 when something is not well."""
    overview = Overview(read_state(load_settings().home))
    if json:
        typer.echo(json_text.dumps(overview.as_json()))
    else:
        console().print(overview.table())
        for note in overview.state.notes:
            progress_console().print(note, style="yellow")
    raise typer.Exit(0 if overview.healthy() else 1)
