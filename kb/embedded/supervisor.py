"""Runs the parts in order, keeps them alive, writes down how they are, and ends them."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from kb.embedded import log_files, take_over
from kb.embedded.part import Part, in_start_order
from kb.embedded.part_runner import PartRunner, Surroundings
from kb.embedded.stack_parts import StackPlan, plan_stack
from kb.processes import ProcessIdentity
from kb.settings import StackSettings, own_environment
from kb.state_file import PartRecord, StackState, read_state, write_state
from kb_contract.errors import ScriptoriumError

LOGS_LOOKED_AT = 30.0
END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
Show = Callable[[StackState], None]


class AlreadyRunning(ScriptoriumError):
    """Another supervisor has this KB_HOME."""


@dataclass(frozen=True)
class Supervisor:
    """One KB_HOME, one supervisor; the lock ends with the process, however that ends."""

    settings: StackSettings
    only: Sequence[str]
    show: Show

    def run(self) -> bool:
        """Run until a signal says to end; True when no part had been given up."""
        home = self.settings.home
        home.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(home / "supervisor.lock", timeout=0):
                return asyncio.run(self._run(home))
        except Timeout as error:
            raise AlreadyRunning(
                "the stack is already running", where=str(home), cure="see `kb status`"
            ) from error

    async def _run(self, home: Path) -> bool:
        ending = _ending()
        state = read_state(home)
        _claim(state, self.only)
        self._save(home, state)
        plan = plan_stack(self.settings, state, self.only, state.notes.append)
        adopted = take_over.survivors(state, plan.parts)
        gone = take_over.end_all(home, state, adopted)
        if adopted or gone:
            state.notes.append(_what_survived(adopted, gone))
        runners = self._runners(home, state, plan, adopted)
        self._save(home, state)
        tasks = [
            asyncio.create_task(runner.run(_needed(runner.part, runners)))
            for runner in runners.values()
        ]
        tasks.append(asyncio.create_task(_keep_logs_small(home / "logs")))
        try:
            await _first(ending, tasks)
        finally:
            await self._end(plan, runners, tasks)
            failed = any(one.state == "failed" for one in state.parts.values())
            state.supervisor_pid = state.supervisor_started = state.addresses = None
            self._save(home, state)
        return not failed

    def _runners(
        self,
        home: Path,
        state: StackState,
        plan: StackPlan,
        adopted: dict[str, ProcessIdentity],
    ) -> dict[str, PartRunner]:
        around = Surroundings(
            stack_id=take_over.stack_id(home),
            environment=own_environment(),
            logs=home / "logs",
            changed=lambda: self._save(home, state),
        )
        around.logs.mkdir(mode=0o700, exist_ok=True)
        state.addresses = plan.addresses
        state.parts = {
            part.name: PartRecord(port=part.port, url=part.url)
            for level in in_start_order(plan.parts)
            for part in level
        }
        return {
            name: PartRunner(
                plan.parts[name],
                record,
                around,
                adopted=adopted.get(name),
                already_done=plan.parts[name].not_if_adopted in adopted,
            )
            for name, record in state.parts.items()
        }

    def _save(self, home: Path, state: StackState) -> None:
        try:
            write_state(home, state)
        except OSError as error:  # a full disk is no reason to end what runs
            note = f"stack.json cannot be written: {error}"
            state.notes += [] if note in state.notes else [note]
        self.show(state)

    async def _end(
        self,
        plan: StackPlan,
        runners: dict[str, PartRunner],
        tasks: Sequence["asyncio.Task[None]"],
    ) -> None:
        """End the parts, those that others need last."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for level in reversed(in_start_order(plan.parts)):
            await asyncio.gather(*(runners[part.name].stop() for part in level))


def _claim(state: StackState, only: Sequence[str]) -> None:
    """Say that we look after this KB_HOME now; there are no addresses until there is a plan."""
    me = ProcessIdentity.of(os.getpid())
    if me is not None:
        state.supervisor_pid, state.supervisor_started = me.pid, me.started
    state.addresses, state.notes, state.only = None, [], list(only)


def _ending() -> asyncio.Event:
    """Return an event that the end signals set.

    A signal with a handler is at its default again in a child; an ignored one (a shell's
    background jobs ignore SIGINT) would stay ignored, and Dagster copies that to SIGTERM.
    """
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in END_SIGNALS:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, ending.set)
    return ending


async def _first(ending: asyncio.Event, tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Wait for the signal; a task that ends with a fault of ours brings the stack down loudly."""
    end = asyncio.create_task(ending.wait())
    waiting: set[asyncio.Task[bool] | asyncio.Task[None]] = {end, *tasks}
    while not end.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


async def _keep_logs_small(folder: Path) -> None:
    """Look at every log now and then: also at those of tasks, and at our own."""
    while True:
        await asyncio.to_thread(log_files.keep_small, folder)
        await asyncio.sleep(LOGS_LOOKED_AT)


def _needed(part: Part, runners: dict[str, PartRunner]) -> list[asyncio.Event]:
    return [runners[name].ready for name in part.depends_on if name in runners]


def _what_survived(adopted: dict[str, ProcessIdentity], gone: list[str]) -> str:
    parts = [f"{', '.join(adopted)} went on" if adopted else "", ", ".join(gone)]
    ended = f"{parts[1]} had to be ended" if gone else ""
    return f"after an earlier supervisor: {'; '.join(one for one in (parts[0], ended) if one)}"
