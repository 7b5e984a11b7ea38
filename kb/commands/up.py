"""`kb up`: start what is missing, and keep it running."""

import json as json_text
import sys
import time
from pathlib import Path
from subprocess import Popen
from typing import Annotated

import typer
from rich.live import Live

from kb.embedded.overview import Overview
from kb.embedded.supervisor import AlreadyRunning, Supervisor
from kb.processes import spawn
from kb.settings import StackSettings, load_settings, own_environment
from kb.state_file import PartRecord, StackState, read_state
from kb.terminal import progress_console
from kb_contract.errors import ScriptoriumError

console = progress_console()
# Another `kb up` may have the lock already and not have said so yet.
GRACE = 2.0


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Come back when it runs.")] = False,
    only: Annotated[str, typer.Option(help="Parts, with commas between; what they need too.")] = "",
    wait: Annotated[float, typer.Option(help="Seconds to wait with --detach.")] = 180.0,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Start what is missing, in order, and keep it running."""
    settings = load_settings()
    parts = [name.strip() for name in only.split(",") if name.strip()]
    if detach:
        _detached(settings, parts, wait, as_json=json)
        return
    try:
        well = _in_foreground(settings, parts)
    except AlreadyRunning as finding:
        console.print(f"{finding}")
        _report(Overview(read_state(settings.home)), as_json=json)
        return
    raise typer.Exit(0 if well else 1)


def _in_foreground(settings: StackSettings, parts: list[str]) -> bool:
    if not console.is_terminal:
        return Supervisor(settings, parts, _Lines().show).run()
    with Live(console=console, auto_refresh=False) as live:

        def show(state: StackState) -> None:
            live.update(Overview(state).table(), refresh=True)

        return Supervisor(settings, parts, show).run()


class _Lines:
    """Says each change in a line: for a log, where a table that moves is no use."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def show(self, state: StackState) -> None:
        for note in state.notes:
            self._say(note, note)
        for name, record in state.parts.items():
            self._say(name, " ".join(_words(name, record)))

    def _say(self, about: str, line: str) -> None:
        if self._said.get(about) != line:
            self._said[about] = line
            typer.echo(line, err=True)


def _words(name: str, record: PartRecord) -> list[str]:
    where = record.url if record.state == "healthy" else None
    return [word for word in (f"{name}:", record.state, where, record.reason) if word]


def _detached(settings: StackSettings, only: list[str], wait: float, *, as_json: bool) -> None:
    before = Overview(read_state(settings.home))
    if before.supervisor_alive():
        console.print("the stack is already running")
        _refuse_if_less(before.state, only)
        _report(_settled(settings.home, None, wait), as_json=as_json)
        return
    log = settings.home / "logs" / "supervisor.log"
    supervisor = spawn(
        [sys.executable, "-m", "kb", "up", "--only", ",".join(only)],
        env=own_environment(),
        log=log,
        cwd=Path.cwd(),
    )
    _report(_settled(settings.home, (supervisor, log), wait), as_json=as_json)


def _refuse_if_less(state: StackState, only: list[str]) -> None:
    """A running part of the stack does not become more of it by itself."""
    if state.only and (not only or not set(only) <= set(state.parts)):
        raise ScriptoriumError(
            f"it was started with --only {','.join(state.only)}",
            cure="run `kb down`, then `kb up` with what you want",
        )


def _settled(home: Path, own: tuple[Popen[bytes], Path] | None, wait: float) -> Overview:
    """Poll the state until all is well or something was given up."""
    now = time.monotonic()
    deadline, ended_at = now + wait, now + wait
    while time.monotonic() < deadline:
        overview = Overview(read_state(home))
        alive = overview.supervisor_alive()
        if alive and overview.state.addresses and overview.settled():
            return overview
        if own and own[0].poll() is not None:
            ended_at = min(ended_at, time.monotonic())
            if not alive and time.monotonic() - ended_at > GRACE:
                said = own[1].read_text(errors="replace").strip().splitlines()[-5:]
                raise ScriptoriumError(
                    f"the supervisor ended: {' / '.join(said)}", where=str(own[1])
                )
        time.sleep(0.1)
    return Overview(read_state(home))


def _report(overview: Overview, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json_text.dumps(overview.as_json()))
    else:
        console.print(overview.table())
        for note in overview.state.notes:
            console.print(note, style="yellow")
    if not overview.healthy():
        console.print("not everything is well: see the logs in KB_HOME/logs", style="red")
        raise typer.Exit(1)
