"""The Python client: `Client().ask("…")`, and `AsyncClient` with the same names."""

from kb.client.async_client import AsyncClient
from kb.client.refusals import ServerSaid
from kb.client.sync_client import Client

__all__ = ["AsyncClient", "Client", "ServerSaid"]
