"""The client of the server that this machine's settings name."""

import getpass

from kb.client import Client
from kb.settings import StackSettings, load_settings, web_url
from kb.state_file import read_state


def server_client(settings: StackSettings | None = None) -> Client:
    """Return a client of the server: as set, else of the running stack, else of the usual port."""
    settings = settings or load_settings()
    state = read_state(settings.home)
    known = state.addresses.api_url if state.is_running() and state.addresses else None
    url = settings.api_url or known or web_url(settings.api_host, settings.api_port)
    key = settings.kb_api_key.get_secret_value() if settings.kb_api_key else None
    return Client(url=url, user=getpass.getuser(), api_key=key)
