"""`python -m kb.embedded.qdrant_owner --data DIR --port PORT`."""

import argparse
import ipaddress
import logging
import math
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from kb.embedded.qdrant_owner.app import build
from kb.embedded.qdrant_owner.collection import Upkeep
from kb.embedded.qdrant_owner.folder_lock import FolderLock
from kb.embedded.qdrant_owner.metadata_file import MetadataFile
from kb.embedded.qdrant_owner.registry import Registry
from kb.embedded.qdrant_owner.requests import Door
from kb.embedded.qdrant_owner.shards import Shards
from kb_contract.errors import BadSetting, ScriptoriumError

log = logging.getLogger("kb.embedded.qdrant_owner")
API_KEY = "QDRANT_OWNER_API_KEY"
# Once for requests that still run, once for shards that are still used.
SECONDS_TO_STOP = 2.5


def main() -> int:
    """Serve one folder until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asked = _arguments()
    try:
        return _serve(asked.data, asked.host, asked.port, _api_key(asked.api_key_file))
    except ScriptoriumError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _serve(data: Path, host: str, port: int, api_key: str | None) -> int:
    if not api_key and not _is_loopback(host):
        raise BadSetting(
            "any address but loopback needs a key", where=f"--host {host}", cure=f"set {API_KEY}"
        )
    lock = FolderLock(data)
    lock.take()
    try:
        listener = _bind(host, port)
        upkeep = Upkeep(Shards(data / "shards"))
        registry = Registry(MetadataFile(data / "collections.json"), upkeep)
        _run(
            uvicorn.Config(build(registry, Door(api_key)), log_config=None, access_log=False),
            listener,
        )
        if not registry.close(SECONDS_TO_STOP):
            # The write-ahead log has everything that was answered.
            log.warning("shards still open after %s s, stopping all the same", SECONDS_TO_STOP)
            os._exit(0)
        return 0
    finally:
        lock.release()


def _run(config: uvicorn.Config, listener: socket.socket) -> None:
    config.timeout_graceful_shutdown = math.ceil(SECONDS_TO_STOP)
    # uvicorn stops on these signals, then raises them again for whoever handled them before.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _do_nothing)
    log.info("listening on http://%s:%s", *listener.getsockname()[:2])
    uvicorn.Server(config).run(sockets=[listener])


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """The server has stopped by the time this is called."""


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise BadSetting(
            f"cannot listen there: {error.strerror}",
            where=f"{host}:{port}",
            cure="choose another --port, or stop what has it",
        ) from error
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _api_key(file: Path | None) -> str | None:
    """Read the key from the environment or a file; it is never an argument, where `ps` shows it."""
    if file is None:
        return os.environ.get(API_KEY) or None  # noqa: TID251 - this process has no settings class
    try:
        key = file.read_text("utf-8").strip()
    except OSError as error:
        raise BadSetting(
            f"cannot be read: {error.strerror}", where=str(file), cure="check --api-key-file"
        ) from error
    if not key:
        raise BadSetting("is empty", where=str(file), cure="write the key into it")
    return key


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="qdrant_owner", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that this process owns")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--api-key-file", type=Path, help=f"or the environment's {API_KEY}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
