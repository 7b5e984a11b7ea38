"""Qdrants to test against: our owner process, and the real server where it can be had."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from qdrant_client import QdrantClient

from kb.embedded.qdrant_choice import BinaryQdrant, OwnerQdrant, command
from tests.doubles.qdrant_program import server_program
from tests.doubles.quick_folder import quick_folder

ROOT = Path(__file__).parents[2]
UNPRIVILEGED = "nobody"
SECONDS_TO_START = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def client_of(url: str, api_key: str | None = None) -> QdrantClient:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return QdrantClient(url=url, api_key=api_key, check_compatibility=False, timeout=30)


@dataclass
class QdrantServer:
    """A Qdrant in a process of its own; it can be stopped, killed and started again."""

    choice: BinaryQdrant | OwnerQdrant
    folder: Path
    account: str | None = None
    api_key: str | None = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    def start(self) -> None:
        argv, env = command(self.choice, self.folder, "127.0.0.1", self.port, self.api_key)
        dropped = {"user": self.account, "group": _group_of(self.account), "extra_groups": []}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                argv,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **(dropped if self.account else {}),
            )
        self._wait_until_ready()

    def kill(self) -> None:
        """End it as the out-of-memory killer would."""
        assert self.process
        self.process.kill()
        self.process.wait(timeout=10)

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)

    @contextlib.contextmanager
    def client(self) -> Iterator[QdrantClient]:
        client = client_of(self.url, self.api_key)
        try:
            yield client
        finally:
            client.close()

    def _wait_until_ready(self) -> None:
        assert self.process
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            assert self.process.poll() is None, self.log.read_text("utf-8")[-2000:]
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            assert time.monotonic() < deadline, self.log.read_text("utf-8")[-2000:]
            time.sleep(0.02)


@contextlib.contextmanager
def running(kind: str, api_key: str | None = None) -> Iterator[QdrantServer]:
    """Run an "owner" or a real "server" in a folder of its own, and leave nothing behind.

    Who asks for the real server where there is none goes without: it is skipped, or fails on CI.
    """
    folder = quick_folder("kb-qdrant-")
    try:
        server = _make(kind, folder, api_key)
        server.start()
        try:
            yield server
        finally:
            if server.process and server.process.poll() is None:
                server.stop()
    finally:
        shutil.rmtree(folder)


def _make(kind: str, folder: Path, api_key: str | None) -> QdrantServer:
    if kind == "owner":
        return QdrantServer(OwnerQdrant(), folder, api_key=api_key)
    program = server_program()
    if os.geteuid() != 0:
        return QdrantServer(BinaryQdrant(program), folder, api_key=api_key)
    # Root runs it as somebody who may do nothing, so that one must be able to reach it.
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    shutil.chown(data, UNPRIVILEGED)
    reachable = Path(shutil.copy(program, folder / "qdrant"))
    reachable.chmod(0o755)
    return QdrantServer(BinaryQdrant(reachable), data, UNPRIVILEGED, api_key)


def _group_of(account: str | None) -> int | None:
    if account is None:
        return None
    import pwd

    return pwd.getpwnam(account).pw_gid
