"""Qdrant as a part of the stack: somebody else's, a program on this machine, or our owner process."""

from pathlib import Path

from kb.addresses import Addresses
from kb.embedded.health import HttpProbe
from kb.embedded.part import Part
from kb.embedded.postgres_place import choose_folder
from kb.embedded.qdrant_choice import BinaryQdrant, ExternalQdrant, choose_qdrant, command
from kb.settings import StackSettings, own_environment
from kb.system_account import service_account


def qdrant_part(settings: StackSettings, port: int, addresses: Addresses, root: Path) -> Part:
    """Say how Qdrant is run, or only watched."""
    choice = choose_qdrant(settings)
    key = addresses.qdrant_api_key
    probe = HttpProbe(
        f"{addresses.qdrant_url}/readyz",
        headers={"api-key": key} if key else {},
        version_url=addresses.qdrant_url,
    )
    if isinstance(choice, ExternalQdrant):
        return Part(name="qdrant", url=addresses.qdrant_url, probe=probe)
    is_program = isinstance(choice, BinaryQdrant)
    account = service_account() if is_program else None
    folder = choose_folder(settings.home, "qdrant", account)
    argv, env = command(choice, folder, "127.0.0.1", port, key)
    return Part(
        name="qdrant",
        argv=tuple(argv),
        env={"PATH": own_environment().get("PATH", ""), **env},
        inherits_environment=not is_program,
        cwd=folder if is_program else root,
        account=account,
        port=port,
        url=addresses.qdrant_url,
        probe=probe,
        stop_within=6.0,
        starts_within=60.0,
    )
