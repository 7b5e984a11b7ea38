"""`kb dagster webserver|daemon|exec`: Dagster's own processes, with our home and our settings."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from kb.dagster_home import write_dagster_home
from kb.embedded.stack_parts import project_root
from kb.settings import child_environment, find_addresses, load_settings, own_environment
from kb_contract.errors import BadInput

dagster = typer.Typer(no_args_is_help=True, add_completion=False)


@dagster.command()
def webserver() -> None:
    """Run Dagster's pages."""
    settings = load_settings()
    where = ("-h", settings.dagster_host, "-p", str(settings.dagster_port))
    _become("dagster_webserver", *_workspace(), *where)


@dagster.command()
def daemon() -> None:
    """Run the sensor, the schedule and the queue of runs."""
    # Aliases first: a writer that died in a swap may have left one where the ledger does not say.
    subprocess.run([sys.executable, "-m", "dagster_kb.recovery"], env=_prepared(), check=True)
    _become("dagster._daemon", "run", *_workspace())


@dagster.command("exec", context_settings={"ignore_unknown_options": True})
def run_program(
    command: Annotated[list[str], typer.Argument(help="A program and its arguments.")],
) -> None:
    """Run any program as Dagster's processes run: a worker of Celery, or Dagster's own commands."""
    environment = _prepared()
    # Dagster's commands lie beside us, whether or not the venv is activated.
    beside = Path(sys.executable).parent
    environment["PATH"] = os.pathsep.join(filter(None, [str(beside), environment.get("PATH")]))
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606
    except FileNotFoundError as error:
        raise BadInput(f"there is no program {command[0]!r} on PATH") from error


def _workspace() -> tuple[str, str]:
    file = project_root() / "workspace.yaml"
    if not file.exists():
        raise BadInput(
            "workspace.yaml is missing", where=str(file.parent),
            cure="run this in the project's folder, or put its workspace.yaml where you are",
        )  # fmt: skip
    return "-w", str(file)


def _prepared() -> dict[str, str]:
    settings = load_settings()
    addresses = find_addresses(settings)
    write_dagster_home(settings.home / "dagster", addresses.database_url, settings.dagster_yaml)
    return {**own_environment(), **child_environment(settings, addresses)}


def _become(module: str, *arguments: str) -> None:
    environment = _prepared()
    # The process is replaced, so that it gets its signals itself.
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environment)  # noqa: S606
