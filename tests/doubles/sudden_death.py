"""A process of its own that kills itself (SIGKILL) at a chosen call."""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.doubles.quick_processes import quick_processes

Calls = Mapping[str, tuple[type, str]]
"""Calls by what they are called: the class and its method."""


@dataclass(frozen=True)
class Death:
    """Where to die: before or after the n-th call."""

    call: str
    when: Literal["before", "after"]
    nth: int = 1


def die_at(death: Death, calls: Calls) -> None:
    """Arrange this process's death."""
    owner, name = calls[death.call]
    real: Callable[..., Any] = getattr(owner, name)
    made = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal made
        made += 1
        now = made == death.nth
        if now and death.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **kwargs)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


def begun(work: Callable[..., None], *given: Any) -> Any:
    """Begin the work in a process of its own."""
    process = quick_processes().Process(target=work, args=given)
    process.start()
    return process


def exit_code(process: Any) -> int:
    """Wait for its end (-9 when it was killed)."""
    process.join(timeout=60)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode
