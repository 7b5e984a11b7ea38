"""`kb search`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from kb.commands.looked_at import SinceOption, TagOption, UntilOption, VersionOption, looked_at
from kb.server_access import server_client
from kb.terminal import console, escape, say_json

_SHOWN = 300


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    agent: Annotated[str | None, typer.Option(help="Look here only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Passages, at most.")] = 5,
    as_of: Annotated[
        str | None,
        typer.Option(help="Look at the past: a generation's number, a commit, or a moment."),
    ] = None,
    tag: TagOption = None,
    version: VersionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Find passages, the best first; exits with 1 when there is none."""
    only = looked_at(tag, version, since, until)
    found = server_client().search(query, agent=agent, limit=limit, as_of=as_of, only=only)
    if as_json:
        say_json(found)
    else:
        for one in found["passages"]:
            _show(one)
    if not found["passages"]:
        if not as_json:
            console().print(_nothing(found["agents"]))
        raise typer.Exit(1)


def _nothing(agents: Sequence[str]) -> str:
    where = ", ".join(agents) or "no agent"
    return escape(f"Nothing is near enough; looked in: {where}. Try other words, or fewer choices.")


def _show(passage: Mapping[str, Any]) -> None:
    page = f" page {passage['page']}" if passage.get("page") else ""
    place = f"{passage['path']}@{passage['sha'][:10]}:{passage['start']}-{passage['end']}{page}"
    title = " > ".join(dict.fromkeys([passage["title"], *passage["heading_path"]]))
    relevance = passage.get("relevance", 0.0)
    console().print(f"[bold cyan]{relevance:.2f}[/bold cyan] [bold]{escape(title)}[/bold]")
    console().print(f"     [dim]{escape(place)} · {escape(passage['agent_id'])}[/dim]")
    words = " ".join(passage["text"].split())
    console().print(f"     {escape(words[:_SHOWN])}{'…' if len(words) > _SHOWN else ''}")
