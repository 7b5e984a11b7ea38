"""`kb plan`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from kb.server_access import server_client
from kb.terminal import console, say_json, show_plan
from kb_contract.errors import BadInput


def plan(
    question: Annotated[str | None, typer.Argument(help="What you want to know.")] = None,
    validate: Annotated[
        Path | None,
        typer.Option(help="Say what is wrong with this plan.", exists=True, dir_okay=False),
    ] = None,
    optimize: Annotated[
        Path | None, typer.Option(help="Make this plan shorter.", exists=True, dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show how a question would be answered, or look at a plan of yours."""
    given = [one for one in (question, validate, optimize) if one is not None]
    if len(given) != 1:
        raise typer.BadParameter("give a question, or --validate FILE, or --optimize FILE")
    client = server_client()
    if validate:
        found = client.validate(_read(validate))
        say_json(found)
        raise typer.Exit(0 if found["valid"] else 1)
    made = client.optimize(_read(optimize)) if optimize else client.plan(question or "")
    if as_json:
        say_json(made)
        return
    show_plan(made["plan"], console())
    console().print(made["mermaid"], style="dim", highlight=False)


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(
            str(error), where=str(path), cure="give a file with a plan as JSON"
        ) from error
