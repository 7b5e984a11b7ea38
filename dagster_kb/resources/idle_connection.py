"""Whether a connection that nobody used for a while still has its server, without asking it."""

import select


def is_silent(descriptor: int) -> bool:
    """A server that ended, or ended the connection, has said so: then there is something to read."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return not waiting.poll(0)
