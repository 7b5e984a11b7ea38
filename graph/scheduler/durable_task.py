"""A piece of work whose result is kept: when the run begins again, it is read and not done again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from langgraph.errors import GraphInterrupt
from langgraph.func import task

Result = TypeVar("Result")


class Blocked(GraphInterrupt):
    """This cannot finish in this run and has nothing to ask; it keeps nothing and is no error."""

    def __init__(self) -> None:
        super().__init__(())


async def durable(name: str, work: Callable[[], Awaitable[Result]]) -> Result:
    """Do the work as a task of its own.

    LangGraph finds the kept result by name and by the order of calls within the caller, so
    calls must come in the same order in every run.
    """

    # `task` writes the name into the function, so each call needs one of its own.
    async def call() -> Result:
        return await work()

    return await task(name=name)(call)()
