"""`kb feedback`: thumbs for an answer, and what it should have stood on."""

from typing import Annotated

import typer

from kb.server_access import server_client
from kb.terminal import console, escape, say_json
from kb_contract.errors import BadInput


def feedback(
    answer_id: Annotated[str, typer.Argument(help="As `kb ask --json` gives it.")],
    verdict: Annotated[str, typer.Argument(help="up or down.")],
    correction: Annotated[str, typer.Option(help="What it should have said.")] = "",
    agent: Annotated[str, typer.Option(help="Whose passage should have been cited.")] = "",
    path: Annotated[str, typer.Option(help="The document of that passage.")] = "",
    quote: Annotated[str, typer.Option(help="Words of that passage.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Say whether an answer was right; `kb golden candidates` shows what becomes of it."""
    if verdict not in {"up", "down"}:
        raise BadInput(f"{verdict!r} is no verdict", cure="say up or down")
    if bool(agent) != bool(path) or (quote and not path):
        raise BadInput(
            "a passage has an agent and a path", cure="give --agent and --path, perhaps --quote"
        )
    passages = [{"agent_id": agent, "path": path, "quote": quote or None}] if path else []
    kept = server_client().feedback(answer_id, verdict, correction=correction, passages=passages)
    if as_json:
        say_json(kept)
    else:
        console().print(f"kept: {kept['verdict']} by {escape(kept['given_by'])}")
