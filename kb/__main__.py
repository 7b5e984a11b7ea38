"""The command `kb`. A verb's module is imported only when that verb runs."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import typer

from kb_contract.errors import BadSetting, ScriptoriumError
from kb_contract.loaded_code import loading_code

STACK = "The stack on this machine"
KNOWLEDGE = "Knowledge"
QUESTIONS = "Questions and approvals"
PROCESSES = "What the stack runs"


@dataclass(frozen=True)
class Verb:
    """A row of `kb --help`, and `module:name` of the function (or Typer with more verbs) behind it."""

    name: str
    target: str
    summary: str
    panel: str

    def load(self) -> object:
        """Import what stands behind it."""
        module, name = self.target.split(":")
        with loading_code():
            return getattr(import_module(module), name)


DRIVERS = (
    ("psycopg", ("OperationalError", "ProgrammingError"), "Postgres", "DATABASE_URL"),
    ("sqlalchemy.exc", ("DBAPIError",), "Dagster's storage", "DATABASE_URL"),
    ("httpx", ("TransportError",), "the API", "API_URL"),
)
NO_ROOM = "No space left"
VERBS = (
    Verb("up", "kb.commands.up:up", "Start what is missing, and keep it running.", STACK),
    Verb("demo", "kb.commands.demo:demo", "Show everything once, from nothing.", STACK),
    Verb("status", "kb.commands.status:status", "Show each part: state, port, pid, health.", STACK),
    Verb("down", "kb.commands.down:down", "Stop everything; leave nothing behind.", STACK),
    Verb("doctor", "kb.commands.doctor:doctor", "Say what is wrong here, and the cure.", STACK),
    Verb(
        "migrate", "kb.commands.migrate:migrate", "Bring the database to its newest shape.", STACK
    ),
    Verb(
        "ingest", "kb.commands.ingest:ingest", "Turn folders into checked collections.", KNOWLEDGE
    ),
    Verb("inspect", "kb.commands.inspect:inspect", "Report what a run did.", KNOWLEDGE),
    Verb("agents", "kb.commands.agents:agents", "List the agents and what they serve.", KNOWLEDGE),
    Verb(
        "generations",
        "kb.commands.generations:generations",
        "List the generations of an agent.",
        KNOWLEDGE,
    ),
    Verb("verify", "kb.commands.verify:verify", "Check that an agent really serves.", KNOWLEDGE),
    Verb("tune", "kb.commands.tune:tune", "Choose how an agent is searched.", KNOWLEDGE),
    Verb("rollback", "kb.commands.rollback:rollback", "Serve what was served before.", KNOWLEDGE),
    Verb("hotfix", "kb.commands.hotfix:hotfix", "Delete a chunk everywhere, now.", KNOWLEDGE),
    Verb("pause", "kb.commands.pause:pause", "Let nothing build an agent.", KNOWLEDGE),
    Verb("resume", "kb.commands.pause:resume", "Let an agent be built again.", KNOWLEDGE),
    Verb(
        "incidents",
        "kb.commands.incidents:incidents",
        "List what went wrong, and what to do.",
        KNOWLEDGE,
    ),
    Verb("pin", "kb.commands.pin:pin", "Keep a generation however old it gets.", KNOWLEDGE),
    Verb("unpin", "kb.commands.pin:unpin", "End a pin.", KNOWLEDGE),
    Verb(
        "retention",
        "kb.commands.retention:retention",
        "Delete what is kept no longer.",
        KNOWLEDGE,
    ),
    Verb("cite", "kb.commands.cite:cite", "Read quotes again from git.", QUESTIONS),
    Verb("ask", "kb.commands.ask:ask", "Ask; the answer comes with its citations.", QUESTIONS),
    Verb("search", "kb.commands.search:search", "Find passages, without an answer.", QUESTIONS),
    Verb("plan", "kb.commands.plan:plan", "Show how a question would be answered.", QUESTIONS),
    Verb("classify", "kb.commands.classify:classify", "Say what type a question is.", QUESTIONS),
    Verb("cost", "kb.commands.cost:cost", "Show what providers cost, and budgets.", QUESTIONS),
    Verb("eval", "kb.commands.eval:app", "Measure on labelled questions.", QUESTIONS),
    Verb(
        "feedback", "kb.commands.feedback:feedback", "Say whether an answer was right.", QUESTIONS
    ),
    Verb("golden", "kb.commands.golden:app", "Make golden questions of feedback.", QUESTIONS),
    Verb("gaps", "kb.commands.gaps:gaps", "List what nobody could answer.", QUESTIONS),
    Verb(
        "approvals", "kb.commands.approvals:approvals", "List what waits for a person.", QUESTIONS
    ),
    Verb("approve", "kb.commands.approve:approve", "Let a step go on, edited or not.", QUESTIONS),
    Verb("reject", "kb.commands.reject:reject", "Refuse a step.", QUESTIONS),
    Verb("respond", "kb.commands.respond:respond", "Answer in the place of a step.", QUESTIONS),
    Verb("revoke", "kb.commands.revoke:revoke", "Take your decision back.", QUESTIONS),
    Verb("delegate", "kb.commands.delegate:delegate", "Name a deputy, for a time.", QUESTIONS),
    Verb("audit", "kb.commands.audit:audit", "List what was decided, and check it.", QUESTIONS),
    Verb("keys", "kb.commands.keys:keys", "Make and end keys for the API.", PROCESSES),
    Verb("mcp", "kb.commands.mcp:mcp", "Serve MCP over stdio, for assistants.", QUESTIONS),
    Verb("serve", "kb.commands.serve:serve", "Run the API server.", PROCESSES),
    Verb("worker", "kb.commands.worker:worker", "Run a worker.", PROCESSES),
    Verb(
        "dagster",
        "kb.commands.dagster:dagster",
        "Run Dagster's webserver, daemon or commands.",
        PROCESSES,
    ),
)


def build_app(chosen: str | None) -> typer.Typer:
    """Make the command line with one real verb; the others are only their line of help."""
    app = typer.Typer(
        name="kb",
        help="A git folder of knowledge becomes checked collections, and cited answers.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_keep_verbs)
    for verb in VERBS:
        behind = verb.load() if verb.name == chosen else _placeholder
        if isinstance(behind, typer.Typer):
            app.add_typer(behind, name=verb.name, help=verb.summary, rich_help_panel=verb.panel)
        elif callable(behind):
            app.command(verb.name, help=verb.summary, rich_help_panel=verb.panel)(behind)
    return app


def _keep_verbs() -> None:
    """Without a callback, an app with one verb would have no verbs."""


def _placeholder() -> None:
    """Stand for a verb that is not the one asked for."""


def _chosen(arguments: Sequence[str]) -> str | None:
    return next((one for one in arguments if not one.startswith("-")), None)


def main() -> None:
    """Run the command line; what is wrong is said in one line, or as JSON with `--json`."""
    arguments = sys.argv[1:]
    try:
        build_app(_chosen(arguments))(args=arguments, prog_name="kb")
    except SystemExit as ended:
        # Typer left on account of a wrong usage, which it told people of.
        usage: Callable[[], str] | None = getattr(ended.__context__, "format_message", None)
        if usage and "--json" in arguments:
            verb = _chosen(arguments) or ""
            _say_json(ScriptoriumError(usage(), where=f"kb {verb}", cure=f"kb {verb} --help"))
        raise
    except Exception as error:
        told = error if isinstance(error, ScriptoriumError) else unreachable(error)
        if told is None:
            raise
        _say(told, as_json="--json" in arguments)
        sys.exit(2 if isinstance(told, BadSetting) else 1)


def _say(error: ScriptoriumError, *, as_json: bool) -> None:
    if as_json:
        _say_json(error)
    typer.secho(f"error: {error}", fg="red", err=True)


def _say_json(error: ScriptoriumError) -> None:
    import json  # only when something went wrong

    said = {"what": error.what, "where": error.where, "cure": error.cure}
    typer.echo(json.dumps({"error": said}, ensure_ascii=False))


def unreachable(error: Exception) -> ScriptoriumError | None:
    """Say in a line that a part does not answer; drivers are looked for only where one is loaded."""
    for driver, names, part, setting in DRIVERS:
        module = sys.modules.get(driver)
        if module and isinstance(error, tuple(getattr(module, name) for name in names)):
            # What stands behind it: the driver's own words, without the statement and what was in it.
            said = str(getattr(error, "orig", None) or error)
            look = f"see `kb status`; `kb up` starts what is missing, {setting} says where it is"
            full = "free some disk (`kb doctor` says how much there is); what was done is kept"
            return ScriptoriumError(
                f"{part} cannot be used: {' '.join(said.split())}",
                cure=full if NO_ROOM in said else look,
            )
    return None


if __name__ == "__main__":
    main()
