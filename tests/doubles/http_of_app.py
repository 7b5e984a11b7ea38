"""A server's app that is asked in this process, without a port."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from graph.server.app import create_app
from graph.settings import ReaderSettings
from tests.doubles.demo_graphs import GRAPHS

LOOPBACK = "http://127.0.0.1"


@asynccontextmanager
async def http_of(app: FastAPI, base_url: str = LOOPBACK) -> AsyncGenerator[httpx.AsyncClient]:
    """Start the app, ask it, and stop it; what it raises is answered as a server would."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=base_url, timeout=30) as client,
    ):
        yield client


def server_on(database_url: str, **more: Any) -> FastAPI:
    """Compose the server of the demo graphs on a database; no Qdrant is behind it."""
    settings = ReaderSettings(
        database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1", **more
    )
    return create_app(settings, GRAPHS)
