"""Servers and workers as real processes over the demo graphs."""

import asyncio
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import httpx
import psycopg

from kb.migrate import migrate
from tests.doubles.demo_graphs import EFFECTS, GRAPHS
from tests.doubles.sudden_death import begun, exit_code

ROOT = Path(__file__).parents[2]
READY_SECONDS = 90


def _serve() -> None:
    from graph.server.app import create_app
    from graph.server.serving import serve
    from graph.server.telemetry import configure_logging
    from graph.settings import load_settings

    settings = load_settings()
    configure_logging(settings.log_level, terminal=False)
    asyncio.run(serve(settings, create_app(settings, GRAPHS)))


def _work() -> None:
    from graph.server.telemetry import configure_logging
    from graph.server.worker import work
    from graph.settings import load_settings

    settings = load_settings()
    configure_logging(settings.log_level, terminal=False)
    asyncio.run(work(settings, GRAPHS))


def _begin(kind: Literal["serve", "work"], environment: Mapping[str, str], log: Path) -> None:
    """Be a server or a worker: with an environment, a folder and a log of its own, as if started anew."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    {"serve": _serve, "work": _work}[kind]()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class DemoProcesses:
    """Servers (named `server…`) and workers on one database."""

    database_url: str
    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def url(self) -> str:
        return self.url_of("server")

    def url_of(self, name: str) -> str:
        port = self.port if name == "server" else self.ports.setdefault(name, free_port())
        return f"http://127.0.0.1:{port}"

    def start(self, *names: str) -> None:
        for name in names:
            kind = "serve" if name.startswith("server") else "work"
            self.running[name] = begun(
                _begin, kind, self._environment(name), self.folder / f"{name}.log"
            )
        for name in names:
            self._wait_until_ready(name)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        process = self.running.pop(name)
        with suppress(ProcessLookupError):  # it may have ended by itself
            os.kill(process.pid, how)
        exit_code(process)

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def working_on(self, run_id: str) -> str:
        """Name of the worker that began the run."""
        found = [
            name for name in self.running if not name.startswith("server")
            and any('"run begins"' in line and run_id in line for line in self.log(name).splitlines())
        ]  # fmt: skip
        assert len(found) == 1, found
        return found[0]

    def signal(self, name: str, what: signal.Signals) -> None:
        os.kill(self.running[name].pid, what)

    def effects(self, prefix: str) -> Counter[str]:
        with psycopg.connect(self.database_url) as connection:
            rows = connection.execute(
                "select what from public.effects where starts_with(what, %s)", (prefix,)
            )
            return Counter(row[0] for row in rows)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8")

    def _environment(self, name: str) -> dict[str, str]:
        port = self.url_of(name).rpartition(":")[2] if name.startswith("server") else "0"
        return {
            **os.environ, **self.settings, "DATABASE_URL": self.database_url, "QDRANT_URL": "http://127.0.0.1:1",
            "API_PORT": port, "LANGSMITH_TRACING": "false",
        }  # fmt: skip

    def _wait_until_ready(self, name: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        process = self.running[name]
        while not self._is_ready(name, process.pid):
            assert process.exitcode is None, self.log(name)[-4000:]
            assert time.monotonic() < deadline, f"{name} is not ready: {self.log(name)[-4000:]}"
            time.sleep(0.05)

    def _is_ready(self, name: str, pid: int) -> bool:
        if name.startswith("server"):
            return _answers(f"{self.url_of(name)}/health/ready")
        return any(
            '"worker ready"' in line and f'"pid": {pid}' in line
            for line in self.log(name).splitlines()
        )


@contextmanager
def demo_processes(
    database_url: str, folder: Path, *names: str, **settings: str
) -> Iterator[DemoProcesses]:
    """Migrate the database, run the named processes on it; nothing of them is left at the end."""
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(EFFECTS)
    processes = DemoProcesses(database_url, folder, settings=settings)
    try:
        processes.start(*names)
        yield processes
    finally:
        processes.stop()


@cache
def _asking() -> httpx.Client:
    """One for all looks: a new one reads certificates, and takes more of a core than what starts."""
    return httpx.Client(timeout=2, limits=httpx.Limits(max_keepalive_connections=0))


def _answers(url: str) -> bool:
    try:
        return _asking().get(url).status_code == 200
    except httpx.TransportError:
        return False
