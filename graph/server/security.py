"""Refuses to start where strangers could come in."""

import ipaddress

from graph.settings import ReaderSettings
from kb_contract.errors import BadSetting


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_address(settings: ReaderSettings) -> None:
    """Refuse to be open to others without asking who they are."""
    if settings.kb_auth == "required" or is_loopback(settings.api_host):
        return
    raise BadSetting(
        f"KB_AUTH=off is allowed on loopback only, and API_HOST is {settings.api_host!r}",
        where="settings",
        cure="set API_HOST=127.0.0.1, or KB_AUTH=required and make keys: kb keys create",
    )
