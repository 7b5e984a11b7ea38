"""`python -m kb.dagster_code_server`: `dagster`, whose server of code begins runs that need import nothing.

Dagster starts a new interpreter for each run, which takes seconds of a core to import what all runs
have in common. Here one process imports that, does nothing else, and each run is forked from it.
"""

import multiprocessing
import sys
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from typing import Any, Final

from dagster._cli import main
from dagster._grpc import server

from kb.dagster_code import MODULE
from kb.forked_runs import ForkedRuns

COMMON: Final = (
    MODULE,
    "dagster._grpc.server",
    "dagster_postgres",
    "kb.dagster_instance",
    "kb.dagster_output",
    "kb.dagster_storage",
    "kb.forked_runs",
)


def forked_from_one() -> BaseContext:
    """Return how processes begin: elsewhere than on Linux, what was imported may not bear a fork."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = ForkedRuns()
    context.set_forkserver_preload(list(COMMON))
    return context


class QuickServer(server.DagsterApiServer):
    """Dagster's own, but for how its runs begin."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._mp_ctx = forked_from_one()
        if self._mp_ctx.get_start_method() == "forkserver":
            forkserver.ensure_running()  # it imports while nobody waits for it


if __name__ == "__main__":
    server.DagsterApiServer = QuickServer
    main()
