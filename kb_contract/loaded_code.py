"""What a program is made of stays until it ends: nobody has to look for garbage among it.

A round through the quarter of a million objects of Dagster and its friends takes a fifth of a second,
and rounds come while they are imported, then for every so many texts that are read or found.
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def loading_code() -> Generator[None]:
    """Import without rounds; what is there afterwards is left out of those to come."""
    gc.disable()
    try:
        yield
    finally:
        leave_out_what_is_loaded()
        gc.enable()


def leave_out_what_is_loaded() -> None:
    """Leave all that is there by now out of the rounds to come."""
    gc.freeze()
