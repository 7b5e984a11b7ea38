"""Postgres of our own: initdb with a password, loopback only, and back on its feet after kill -9."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from kb import processes
from kb.embedded.postgres_place import PostgresPlace
from kb_contract.errors import ScriptoriumError

USER = "scriptorium"
DATABASE = "scriptorium"
STOP_SIGNAL = signal.SIGINT  # "fast": sessions are ended, everything is written
LONGEST_SOCKET_FOLDER = 80
INITDB = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--auth-host=scram-sha-256",
    "--auth-local=scram-sha-256",
    "--no-instructions",
)


@dataclass(frozen=True)
class PostgresCluster:
    """One cluster: where it is, and how to reach it."""

    place: PostgresPlace
    port: int
    password: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    def url(self, database: str = DATABASE) -> str:
        """Address with user and password."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        """Command line of the server."""
        place = str(self.place.data)
        sockets = place if len(place) < LONGEST_SOCKET_FOLDER else ""
        argv = [str(self.place.programs / "postgres"), "-D", place, "-h", "127.0.0.1"]
        argv += ["-p", str(self.port), "-k", sockets]
        for name, value in self.options.items():
            argv += ["-c", f"{name}={value}"]
        return argv

    def environment(self) -> dict[str, str]:
        """Environment of the server and of initdb: nothing of ours leaks into it."""
        return {
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.place.folder),
            "TZ": "UTC",
        }

    def exists(self) -> bool:
        """Say whether it was made."""
        return (self.place.data / "PG_VERSION").exists()

    def prepare(self) -> None:
        """Make the cluster when there is none; clear what an earlier server left behind."""
        if not self.exists():
            self._initialise()
        self._clear_after_kill()

    def _initialise(self) -> None:
        """Run initdb in a draft, so that a half-made cluster never has the real name."""
        draft = self.place.folder / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.place.folder) as password:
            password.write(self.password)
            password.flush()
            if self.place.account:
                os.chown(password.name, self.place.account.uid, self.place.account.gid)
            self._run(["initdb", "-D", str(draft), "-U", USER, "--pwfile", password.name, *INITDB])
        draft.rename(self.place.data)

    def _run(self, argv: list[str], stdin: str = "") -> None:
        account = self.place.account
        done = subprocess.run(
            [str(self.place.programs / argv[0]), *argv[1:]],
            env=self.environment(),
            cwd=self.place.folder,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode != 0:
            raise ScriptoriumError(
                f"{argv[0]} failed: {done.stderr.strip()[-600:]}",
                where=str(self.place.folder),
                cure="is the disk full, or the folder not ours?",
            )

    def processes(self) -> list[psutil.Process]:
        """Every process of this cluster: Postgres works in its data folder."""
        folder = str(self.place.data.resolve())
        found: list[psutil.Process] = []
        for process in psutil.process_iter(["name"]):
            with suppress(psutil.Error, OSError):  # somebody else's, or just gone
                if process.info["name"] == "postgres" and process.cwd() == folder:
                    found.append(process)
        return found

    def postmaster(self) -> psutil.Process | None:
        """Return the server's first process, when it runs."""
        pid = self._recorded_pid()
        return next((one for one in self.processes() if one.pid == pid), None)

    def _recorded_pid(self) -> int:
        with suppress(FileNotFoundError, ValueError, IndexError):
            return int((self.place.data / "postmaster.pid").read_text().split()[0])
        return 0

    def _clear_after_kill(self) -> None:
        """End a server that nobody watches, and backends without one.

        Orphans hold shared memory that a new server refuses to share.
        """
        left = self.postmaster()
        if left is not None:
            processes.stop([left], STOP_SIGNAL, within=10.0)
        processes.stop(self.processes(), signal.SIGQUIT, within=5.0)
        # its pid may be another process by now, and then Postgres would not start
        (self.place.data / "postmaster.pid").unlink(missing_ok=True)

    def set_password(self) -> None:
        """Set the password without knowing the old one; the server must not run."""
        statement = f"alter role {USER} password '{self.password}'\n"
        self._run(["postgres", "--single", "-D", str(self.place.data), "postgres"], statement)

    def ready(self) -> bool:
        """Say whether it takes connections."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def new_password() -> str:
    """Return a password that needs no quoting in a URL."""
    return secrets.token_hex(16)


def wait_until_ready(
    cluster: PostgresCluster, process: subprocess.Popen[bytes], log: Path, *, within: float = 30
) -> None:
    """Return when the server answers; say what it said when it ends instead."""
    deadline = time.monotonic() + within
    while not cluster.ready():
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace")[-800:]
            raise ScriptoriumError(f"Postgres did not start: {said}", where=str(log))
        time.sleep(0.02)
