"""`kb classify`."""

from typing import Annotated

import typer

from kb.server_access import server_client
from kb.terminal import console, say_json


def classify(
    question: Annotated[str, typer.Argument(help="What somebody may ask.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Say what type a question is, how sure that is, which path decided, and what else it may be."""
    found = server_client().classify(question)
    if as_json:
        say_json(found)
        return
    console().print(f"{found['query_type']}  {found['confidence']:.0%}  by {found['path']}")
    if found["alternatives"]:
        kind, chance = found["alternatives"][0]
        console().print(f"else {kind}  {chance:.0%}", style="dim")
