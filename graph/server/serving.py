"""Runs the app under uvicorn; on SIGTERM it is not ready first, then streams end and their clients come again."""

import asyncio
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from graph.server.app import stop_being_ready, stop_streams
from graph.server.connections import LARGEST_HEAD, BoundedProtocol
from graph.settings import ReaderSettings

GRACE_SECONDS = 5
LONGEST_SOCKET_MESSAGE = 64 * 1024
# Longer than clients keep idle connections: who closes first cuts a request that is on its way.
IDLE_SECONDS = 75


class StreamingServer(uvicorn.Server):
    """Waits for nobody who would wait for ever; a second signal waits for nothing."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain: float = 0.0) -> None:
        super().__init__(config)
        self._app = app
        self._drain = drain
        self._ending = False

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Stop on signals without raising them again at the end: what comes after still runs."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.handle_exit, name, None)
        try:
            yield
        finally:
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(name)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._drain and not self._ending:
            self._ending = True
            stop_being_ready(self._app)
            asyncio.get_running_loop().call_later(self._drain, self.handle_exit, sig, frame)
            return
        stop_streams(self._app)
        super().handle_exit(sig, frame)


async def serve(settings: ReaderSettings, app: FastAPI) -> None:
    """Serve until SIGTERM or SIGINT."""
    await StreamingServer(server_config(settings, app), app, settings.api_drain).serve()


def server_config(settings: ReaderSettings, app: FastAPI) -> uvicorn.Config:
    """How uvicorn takes connections."""
    return uvicorn.Config(
        app,
        # The faster protocol has no limit to what comes before a body.
        http=BoundedProtocol,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=settings.log_level == "DEBUG",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        server_header=False,
        ws_max_size=LONGEST_SOCKET_MESSAGE,
    )
