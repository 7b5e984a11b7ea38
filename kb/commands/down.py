"""`kb down`: end everything that was started for this KB_HOME, and leave nothing behind."""

import json as json_text
import signal
from typing import Annotated

import typer
from filelock import FileLock, Timeout
from rich.console import Console

from kb import processes
from kb.embedded import take_over
from kb.settings import load_settings
from kb.state_file import read_state, write_state
from kb_contract.errors import ScriptoriumError

PATIENCE = 20.0


def down(
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Stop the supervisor, which stops its parts; then end what an earlier one left."""
    home = load_settings().home
    state = read_state(home)
    running = state.supervisor.process() if state.supervisor else None
    if running is not None:
        processes.stop([running], signal.SIGTERM, within=PATIENCE)
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "supervisor.lock", timeout=5):
            state = read_state(home)
            ended = take_over.end_all(home, state, keep={})
            state.supervisor_pid = state.supervisor_started = state.addresses = None
            for record in state.parts.values():
                record.pid = record.started = None
                record.state = "stopped"
            write_state(home, state)
    except Timeout as error:
        raise ScriptoriumError(
            "another `kb up` has just begun", where=str(home), cure="run `kb down` again"
        ) from error
    if json:
        said = {"supervisor": running is not None, "left_by_an_earlier_supervisor": ended}
        typer.echo(json_text.dumps(said))
    else:
        Console(stderr=True).print(
            "everything is down" if running or ended else "nothing was running"
        )
