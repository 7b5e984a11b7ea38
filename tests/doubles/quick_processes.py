"""Processes of their own that start in a moment: forked from one that has everything imported."""

import multiprocessing
from functools import cache
from multiprocessing.context import ForkServerContext


@cache
def quick_processes() -> ForkServerContext:
    """Return the one way to start them: whoever starts the server says for all what it imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([
        "tests.doubles.read_at_import",  # before those that read it
        "tests.doubles.asking_process", "tests.doubles.demo_processes", "tests.doubles.extracting_process", "tests.doubles.plan_worker",
        "tests.doubles.spending_process", "tests.doubles.writer_world",
        "graph.server.app", "graph.server.serving", "graph.server.worker",
        "litellm", "kb_contract.chat_models.litellm_library",
    ])  # fmt: skip
    return context
