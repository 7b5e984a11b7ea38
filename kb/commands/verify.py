"""`kb verify AGENT`: whether it really serves what the ledger says, and answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from kb.server_access import server_client
from kb.terminal import console, say_json
from kb.writer_access import known_agent, require_parts, writer_settings
from kb_contract.agent_manifest import GoldenSet
from kb_contract.errors import ScriptoriumError

if TYPE_CHECKING:
    from dagster_kb.publishing.release_checks import Verdict
    from dagster_kb.resources.ledger import Ledger
    from kb.client import Client

_SECONDS_TO_SAY_HELLO: Final = 5.0


def verify(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Check run, points, alias and golden questions, and ask one. Exit 1 when one fails."""
    of_server = writer_settings().workspace_id
    settings = writer_settings(workspace)
    require_parts(settings, store=True)
    from dagster_kb.described_parts import embedder_of, ledger_of, store_of
    from dagster_kb.publishing.serving_checks import ServingChecks

    ledger = ledger_of(settings)
    embedder = embedder_of(settings, ledger.database)
    known_agent(ledger, agent)
    found = ServingChecks(ledger, store_of(settings), embedder).run(agent)
    found |= _what_is_open(ledger, agent)
    if settings.workspace_id == of_server:
        found["answer"] = ask_agent(server_client(), ledger, agent)
    else:
        found["answer"] = _not_asked(f"the API answers for workspace {of_server!r}")
    ledger.database.close()
    ok = all(one.passed for one in found.values())
    if json:
        checks = {name: one.as_json() for name, one in found.items()}
        say_json({"agent_id": agent, "ok": ok, "checks": checks})
    else:
        show_checks(found)
    raise typer.Exit(0 if ok else 1)


def ask_agent(client: "Client", ledger: "Ledger", agent: str) -> "Verdict":
    """Ask the agent what it must know, through the API, as people do."""
    live = ledger.generations.live(agent)
    if live is None:
        return _not_asked("nothing is live")
    if live.manifest.get("approval") == "always":
        return _not_asked("a person would have to approve it")
    try:
        replace(client, timeout=_SECONDS_TO_SAY_HELLO).health()
    except (ScriptoriumError, OSError) as error:
        return _not_asked(f"API not running ({error})")
    golden = GoldenSet.model_validate(ledger.generations.golden(live.generation_id)).questions
    if not golden:
        return _not_asked("golden.yaml has no question, so nobody could tell a right answer")
    question = golden[0].question
    try:
        # An answer that was kept would only say how it was.
        answer = client.ask(question, agent=agent, cache="no-store")
    except ScriptoriumError as error:
        return judge({"status": str(error)}, agent, question)
    return judge(answer, agent, question)


def judge(answer: Mapping[str, Any], agent: str, question: str) -> "Verdict":
    """Pure: an answer counts when it is complete and quotes the agent."""
    from dagster_kb.publishing.release_checks import Verdict

    quoted = [one for one in answer.get("citations") or () if one["agent_id"] == agent]
    passed = answer["status"] == "completed" and bool(quoted)
    said = f"{question!r}: {answer['status']}, {len(quoted)} citations of {agent}"
    facts = {"asked": True, "question": question, "citations": len(quoted)}
    return Verdict(passed=passed, description=said, facts=facts)


def _what_is_open(ledger: "Ledger", agent: str) -> "dict[str, Verdict]":
    """Tell of a pause and of open incidents: what is served may hold all the same."""
    from dagster_kb.publishing.release_checks import Verdict

    told: dict[str, Verdict] = {}
    if pause := ledger.incidents.paused(agent):
        said = f"nothing builds it since {pause['paused_at']:%Y-%m-%d %H:%M}: {pause['reason']}"
        told["paused"] = Verdict(
            passed=True, description=f"{said} → `kb resume {agent}`",
            facts={"told": True, "paused_by": pause["paused_by"], "reason": pause["reason"]},
        )  # fmt: skip
    if waiting := ledger.incidents.listed(agent):
        said = "; ".join(f"{one['incident_id']}: {one['summary']}" for one in waiting)
        told["incidents"] = Verdict(
            passed=True, description=f"{said} → `kb incidents {agent}`",
            facts={"told": True, "open": [one["incident_id"] for one in waiting]},
        )  # fmt: skip
    return told


def _not_asked(why: str) -> "Verdict":
    from dagster_kb.publishing.release_checks import Verdict

    return Verdict(passed=True, description=f"not asked: {why}", facts={"asked": False})


def show_checks(found: "Mapping[str, Verdict]") -> None:
    """Print what holds and what does not."""
    out = console()
    for name, one in found.items():
        mark = "[green]holds[/green]" if one.passed else "[red]does not hold[/red]"
        if one.facts.get("asked") is False:
            mark = "[dim]skipped[/dim]"
        if one.facts.get("told"):
            mark = "[yellow]look[/yellow]"
        out.print(f"{name:<16} {mark}  {escape(one.description)}")
