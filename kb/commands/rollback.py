"""`kb rollback AGENT`: serve again what was served before (SOP-02)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kb.commands.verify import ask_agent, show_checks
from kb.operator_access import operator
from kb.server_access import server_client
from kb.terminal import console, say_json
from kb.writer_access import known_agent, require_parts, writer_settings

if TYPE_CHECKING:
    from dagster_kb.publishing.release_checks import Verdict
    from dagster_kb.publishing.ways_back import RolledBack


def rollback(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    to: Annotated[
        int | None, typer.Option(min=1, help="Number; by default the one before.")
    ] = None,
    reason: Annotated[str, typer.Option(help="What is wrong with what is live.")] = "not said",
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Go back to a generation, verify it, open an incident, pause. Exit 1 when it does not hold."""
    of_server = writer_settings().workspace_id
    settings = writer_settings(workspace)
    require_parts(settings, store=True)
    from dagster_kb.described_parts import embedder_of, ledger_of, store_of
    from dagster_kb.publishing.serving_checks import ServingChecks
    from dagster_kb.publishing.ways_back import WayBack

    ledger, store = ledger_of(settings), store_of(settings)
    embedder = embedder_of(settings, ledger.database)
    known_agent(ledger, agent)
    done = WayBack(ledger, store, embedder).roll_back(agent, to, reason=reason, by=operator())
    found = ServingChecks(ledger, store, embedder).run(agent, seen=True)
    # The run that made what is bad may have failed by now; it says nothing about what is live.
    found.pop("last_run", None)
    if settings.workspace_id == of_server:
        found["answer"] = ask_agent(server_client(), ledger, agent)
    ledger.database.close()
    ok = all(one.passed for one in found.values())
    if json:
        checks = {name: one.as_json() for name, one in found.items()}
        say_json({"ok": ok, **asdict(done), "checks": checks})
    else:
        _show(done, found)
    raise typer.Exit(0 if ok else 1)


def _show(done: "RolledBack", found: "Mapping[str, Verdict]") -> None:
    source = f"generation {done.left}" if done.left else "nothing"
    how = f"{done.points_written} points written" if done.points_written else "the alias moved"
    console().print(
        f"[green]{done.agent}[/green] serves generation {done.live} instead of {source} "
        f"({how}, served after {done.served_after:.2f} s, every point looked at after "
        f"{done.seconds:.2f} s)"
    )
    show_checks(found)
    console().print(
        f"incident {done.incident} is open and {done.agent} is [yellow]paused[/yellow]: mend the "
        f"source in git and commit, then `kb resume {done.agent}`"
    )
