"""One process that holds the Writer's code for all of Dagster's programs on this machine.

Without it the daemon starts a new one every minute, and the webserver one of its own.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

import yaml

LOCATION: Final = "dagster_kb"
MODULE: Final = "dagster_kb.definitions"
# A socket's path may be no longer than 107 bytes on Linux, 103 on macOS.
_LONGEST: Final = 100


def code_socket(home: Path) -> Path:
    """Return where the process listens: a socket, for it runs what it is told to."""
    near = home / "dagster" / "code.socket"
    if len(os.fsencode(near)) <= _LONGEST:
        return near
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"scriptorium-{os.getuid()}-{mark}" / "code.socket"


def code_arguments(socket: Path) -> tuple[str, ...]:
    """Return what `python -m` is to run."""
    return (
        *("kb.dagster_code_server", "api", "grpc"),
        *("-m", MODULE, "--location-name", LOCATION, "-s", str(socket)),
    )


def write_workspace(folder: Path, socket: Path) -> None:
    """Lead Dagster's programs to the process; only this account may reach its socket."""
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket.parent.chmod(0o700)
    server = {"grpc_server": {"socket": str(socket), "location_name": LOCATION}}
    (folder / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [server]}), "utf-8")
