"""An address of loopback that takes connections and never says a word."""

import socket
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def silent_address() -> Generator[str]:
    """The kernel takes connections up to the backlog; nobody reads what comes."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
