"""`kb ask`."""

from typing import Annotated

import typer

from kb.commands.looked_at import SinceOption, TagOption, UntilOption, VersionOption, looked_at
from kb.server_access import server_client
from kb.terminal import Lanes, console, progress_console, say_json, show_answer

FAILED = {"failed", "refused"}


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    agent: Annotated[str | None, typer.Option(help="Ask this agent only.")] = None,
    thread: Annotated[str | None, typer.Option(help="Go on in this conversation.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Ask the past: a generation's number, a commit, or a moment."),
    ] = None,
    tag: TagOption = None,
    version: VersionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Work it out anew, even if an answer is kept.")
    ] = False,
    cache: Annotated[
        str | None, typer.Option(help="As Cache-Control: no-store, only-if-cached, max-age=60.")
    ] = None,
    lanes: Annotated[bool, typer.Option("--lanes", help="Show what each agent does.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Ask; the answer comes with its citations."""
    out = progress_console()
    show = Lanes(out, quiet=not (lanes or out.is_terminal))
    only = looked_at(tag, version, since, until)
    wish = ", ".join(one for one in ("no-cache" if no_cache else None, cache) if one) or None
    answer = server_client().ask(
        question, agent=agent, thread=thread, as_of=as_of, only=only, cache=wish, on_event=show
    )
    if as_json:
        say_json(answer)
    else:
        show_answer(answer, console())
    if answer.get("status") in FAILED:
        raise typer.Exit(1)
