"""Which Qdrant the stack uses, and how it is started."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kb_contract.errors import BadSetting

OWNER_API_KEY = "QDRANT_OWNER_API_KEY"


class QdrantSettings(Protocol):
    """The settings that decide."""

    @property
    def qdrant_url(self) -> str | None: ...
    @property
    def qdrant_bin(self) -> Path | None: ...


@dataclass(frozen=True)
class ExternalQdrant:
    """A server that is not ours to run."""

    url: str


@dataclass(frozen=True)
class BinaryQdrant:
    """Qdrant's own program, run as a child."""

    path: Path


@dataclass(frozen=True)
class OwnerQdrant:
    """The process of ours that owns the shards."""


QdrantChoice = ExternalQdrant | BinaryQdrant | OwnerQdrant


def choose_qdrant(
    settings: QdrantSettings, find_program: Callable[[str], str | None] = shutil.which
) -> QdrantChoice:
    """A URL, else a program that was named or is on PATH, else our own process."""
    if settings.qdrant_url:
        return ExternalQdrant(settings.qdrant_url)
    if settings.qdrant_bin:
        if not os.access(settings.qdrant_bin, os.X_OK) or settings.qdrant_bin.is_dir():
            raise BadSetting(
                "is not a program that can be run",
                where=f"QDRANT_BIN={settings.qdrant_bin}",
                cure="give the path of Qdrant's program, or unset it to use the built-in one",
            )
        return BinaryQdrant(settings.qdrant_bin.absolute())
    found = find_program("qdrant")
    return BinaryQdrant(Path(found).absolute()) if found else OwnerQdrant()


def command(
    choice: BinaryQdrant | OwnerQdrant, data_dir: Path, host: str, port: int, api_key: str | None
) -> tuple[list[str], dict[str, str]]:
    """Arguments of the child and what to add to its environment; keys only ever go there."""
    if isinstance(choice, OwnerQdrant):
        argv = [sys.executable, "-m", "kb.embedded.qdrant_owner", "--data", str(data_dir / "owner")]
        return [*argv, "--host", host, "--port", str(port)], {OWNER_API_KEY: api_key or ""}
    server = data_dir / "server"
    env = {
        "QDRANT__SERVICE__HOST": host,  # the program's own default is every address
        "QDRANT__SERVICE__HTTP_PORT": str(port),
        "QDRANT__SERVICE__GRPC_PORT": "0",  # any free port: nobody of ours uses it
        "QDRANT__STORAGE__STORAGE_PATH": str(server / "storage"),
        "QDRANT__STORAGE__SNAPSHOTS_PATH": str(server / "snapshots"),
        "QDRANT__TELEMETRY_DISABLED": "true",
    }
    if api_key:
        env["QDRANT__SERVICE__API_KEY"] = api_key
    return [str(choice.path), "--disable-telemetry"], env
