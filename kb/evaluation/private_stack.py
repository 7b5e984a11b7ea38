"""Postgres and Qdrant for one measurement alone: no other stack is touched, and nothing is left."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from filelock import FileLock, Timeout
from pydantic import BaseModel

from kb.addresses import Addresses
from kb.processes import ProcessIdentity
from kb.settings import load_settings, own_environment
from kb.state_file import read_state
from kb_contract.errors import BadInput, Unavailable

PARTS: Final = "migrations,qdrant"
_PREFIX: Final = "kb-eval-"
_OWNER: Final = "owner.json"
# Where a person's own stack is, or how it is set up.
_OF_OTHERS: Final = frozenset(
    {
        "DATABASE_URL", "QDRANT_URL", "QDRANT_API_KEY", "API_URL", "DAGSTER_URL", "DAGSTER_HOME",
        "DAGSTER_YAML", "KNOWLEDGE_REPOSITORY", "KNOWLEDGE_BRANCH", "KNOWLEDGE_PATH",
        "POSTGRES_PORT", "QDRANT_PORT", "MCP_SERVERS",
    }
)  # fmt: skip


class _Owner(BaseModel):
    pid: int
    started: float


@dataclass(frozen=True)
class PrivateStack:
    """Where it is, and a folder for what is to be ingested."""

    home: Path
    addresses: Addresses

    @property
    def repository(self) -> Path:
        return self.home / "repository"


@contextmanager
def private_stack(keep: Path | None) -> Generator[PrivateStack]:
    """Start it, and end it whatever happens; with `keep`, its data stays there for the next time."""
    sweep()
    with _ends_by_exception(), _home(keep) as home:
        try:
            _kb(home, "up", "--detach", "--only", PARTS)
            found = read_state(home).addresses
            if found is None:
                raise Unavailable("the stack gave no addresses", where=str(home))
            yield PrivateStack(home, found)
        finally:
            _kb(home, "down")


def sweep() -> list[Path]:
    """End and remove what measurements left that were killed; returns what was removed."""
    left = [one for one in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*") if _is_left(one)]
    for home in left:
        _kb(home, "down")
        _remove(home)
    return left


def _is_left(home: Path) -> bool:
    """Only what we own, and what says whose it was."""
    try:
        owner = _Owner.model_validate_json((home / _OWNER).read_bytes())
        return home.stat().st_uid == os.getuid() and not _identity(owner).alive()
    except (OSError, ValueError):
        return False


def _identity(owner: _Owner) -> ProcessIdentity:
    return ProcessIdentity(owner.pid, owner.started)


@contextmanager
def _home(keep: Path | None) -> Generator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(keep / "eval.lock", timeout=0):
                yield keep.resolve()
        except Timeout as error:
            raise BadInput(
                "another measurement uses this folder", where=str(keep), cure="name another one"
            ) from error
        return
    home = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        # As root, Postgres runs under another account, which has to come in here.
        home.chmod(0o755)
        me = ProcessIdentity.of(os.getpid())
        if me is not None:
            said = _Owner(pid=me.pid, started=me.started)
            (home / _OWNER).write_text(said.model_dump_json(), "utf-8")
        yield home
    finally:
        _remove(home)


def _remove(home: Path) -> None:
    """Remove the folder, and what lies elsewhere because an account could not come in."""
    for one in home.iterdir():
        if one.is_symlink():
            shutil.rmtree(one.resolve(), ignore_errors=True)
            with suppress(OSError):  # it holds the folder of another part still
                one.resolve().parent.rmdir()
    shutil.rmtree(home, ignore_errors=True)


def _kb(home: Path, *arguments: str) -> None:
    """Run a command of ours for that home; a second Ctrl-C does not reach it."""
    done = subprocess.run(
        [sys.executable, "-m", "kb", *arguments], cwd=home, env=_environment(home), check=False,
        start_new_session=True, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        said = " / ".join(done.stderr.strip().splitlines()[-8:])
        raise Unavailable(
            f"`kb {arguments[0]}` failed: {said}", where=str(home), cure="see `kb doctor`"
        )


def _environment(home: Path) -> dict[str, str]:
    """Ours, without what leads to another stack; the folder has no .env that could."""
    kept = {name: one for name, one in own_environment().items() if name not in _OF_OTHERS}
    program = load_settings().qdrant_bin
    return {
        **kept, "KB_HOME": str(home), "KNOWLEDGE_DIR": str(home / "repository" / "knowledge"),
        **({"QDRANT_BIN": str(program.absolute())} if program else {}),
    }  # fmt: skip


@contextmanager
def _ends_by_exception() -> Generator[None]:
    """Let a polite kill pass through every `finally`, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
