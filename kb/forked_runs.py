"""Runs that are forked from one process, and end as those in a process of their own do.

What multiprocessing forks so ends without what was registered for its end: spans and events that wait
would not be sent. And when the process that forked it is gone, whoever began it takes it for dead, so
it has to be: else the run that is tried again builds beside it.
"""

import atexit
import os
import signal
from multiprocessing.context import ForkServerContext, ForkServerProcess

from kb.processes import end_with_parent


class ForkedRun(ForkServerProcess):
    """Ends at once when the process that forked it is gone, and tidily else."""

    def run(self) -> None:
        forked_by = os.getppid()
        end_with_parent(signal.SIGKILL)
        if os.getppid() != forked_by:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            super().run()
        finally:
            # There is no other door to what the interpreter does at its end.
            atexit._run_exitfuncs()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


class ForkedRuns(ForkServerContext):
    """Begins them."""

    Process = ForkedRun
