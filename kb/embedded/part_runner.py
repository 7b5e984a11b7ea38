"""The life of one part: wait for what it needs, start it, watch it, start it again."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kb import processes
from kb.embedded.health import NotHealthy
from kb.embedded.part import Part
from kb.embedded.restart_policy import RestartPolicy
from kb.processes import ProcessIdentity
from kb.state_file import PartRecord, PartState
from kb_contract.errors import ScriptoriumError

STACK_MARK = "KB_STACK"
PART_MARK = "KB_PART"
LOOK_EVERY = 0.2
PROBE_EVERY = 2.0
SLOWER_BY = 20.0
SILENT_FOR = 60.0
SAYS_WHY_AFTER = 5.0


class PartEnded(Exception):
    """The process ended, or does not answer."""


@dataclass(frozen=True)
class Surroundings:
    """What all parts of one stack share."""

    stack_id: str
    environment: Mapping[str, str] = field(repr=False)
    logs: Path
    changed: Callable[[], None]


@dataclass
class PartRunner:
    """Keeps one part alive; `record` always says how it is."""

    part: Part
    record: PartRecord
    around: Surroundings
    adopted: ProcessIdentity | None = None
    already_done: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    policy: RestartPolicy = field(default_factory=RestartPolicy)
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    async def run(self, needed: Sequence[asyncio.Event]) -> None:
        """Keep it alive until cancelled, done, or failed too often."""
        for event in needed:
            await event.wait()
        if self.already_done:
            self._is("done")
            self.ready.set()
            return
        while True:
            try:
                await self._start()
                await self._become_healthy()
                if self.part.is_task:
                    return
                await self._watch()
            except (PartEnded, ScriptoriumError) as ended:
                await asyncio.to_thread(self._end_remains)
                delay = self.policy.ended(time.monotonic())
                if delay is None:
                    self._is("failed", f"{ended}; given up, see {self._log()}")
                    return
                self._is("backoff", str(ended))
                await asyncio.sleep(delay)
                self.record.restarts += 1

    async def stop(self) -> None:
        """End the process and everything that it started."""
        if self.part.is_external or self.part.is_task:
            return
        await asyncio.to_thread(self._end, self.part.stop_within)
        self._forget_process()
        self._is("stopped")

    def _is(self, state: PartState, reason: str = "") -> None:
        if (self.record.state, self.record.reason) != (state, reason):
            self.record.state, self.record.reason = state, reason
            self.around.changed()

    def _log(self) -> Path:
        return self.around.logs / f"{self.part.name}.log"

    async def _start(self) -> None:
        if self.part.is_external:
            self._is("starting")
            return
        if self.adopted is not None:
            self._remember(self.adopted)
            self.adopted = None
            return
        self._is("starting")
        if self.part.prepare:
            await asyncio.to_thread(self.part.prepare)
        try:
            self._child = processes.spawn(
                self.part.argv,
                env=self._environment(),
                log=self._log(),
                cwd=self.part.cwd,
                account=self.part.account,
            )
        except OSError as error:
            raise PartEnded(f"cannot be started: {error}") from error
        identity = ProcessIdentity.of(self._child.pid)
        if identity is not None:
            self._remember(identity)

    def _environment(self) -> dict[str, str]:
        inherited = dict(self.around.environment) if self.part.inherits_environment else {}
        return {**inherited, **self.part.env, **self._marks()}

    def _marks(self) -> dict[str, str]:
        return {STACK_MARK: self.around.stack_id, PART_MARK: self.part.name}

    def _remember(self, identity: ProcessIdentity) -> None:
        self.record.pid, self.record.started = identity.pid, identity.started
        self.record.fingerprint = self.part.fingerprint()
        self.record.stop_signal = int(self.part.stop_signal)
        self.record.state = "starting"
        self.around.changed()

    def _forget_process(self) -> None:
        self._child = None
        self.record.pid = self.record.started = None

    async def _become_healthy(self) -> None:
        began = time.monotonic()
        while not self._finished():
            found = await self._probe()
            if found is None:
                self.policy.healthy(time.monotonic())
                self._is("healthy")
                self.ready.set()
                return
            waited = time.monotonic() - began
            if waited > self.part.starts_within and not (
                self.part.is_external or self.part.is_task
            ):
                raise PartEnded(f"not healthy within {self.part.starts_within:.0f} s: {found}")
            if waited > SAYS_WHY_AFTER:
                self._is("starting", found)
            # What takes long is asked less often: it starts on the same cores.
            await asyncio.sleep(LOOK_EVERY / 2 + min(waited / SLOWER_BY, LOOK_EVERY * 2))
        self._forget_process()
        self._is("done")
        self.ready.set()

    async def _watch(self) -> None:
        answered = time.monotonic()
        while True:
            next_probe = time.monotonic() + PROBE_EVERY
            while time.monotonic() < next_probe:
                self._finished()
                await asyncio.sleep(LOOK_EVERY)
            found = await self._probe()
            if found is None:
                answered = time.monotonic()
                self._is("healthy")
                continue
            self._is("unhealthy", found)
            if time.monotonic() - answered > SILENT_FOR and not self.part.is_external:
                raise PartEnded(f"no answer for {SILENT_FOR:.0f} s: {found}")

    def _finished(self) -> bool:
        """Say whether a task is done; raise when the process is gone that should be there."""
        if self.part.is_external:
            return False
        code = self._child.poll() if self._child else None
        # Of our own child the kernel tells all; a survivor has to be looked up by its name.
        identity = None if self._child else self.record.identity
        if (self._child and code is None) or (identity and identity.alive()):
            return False
        if self.part.is_task and code == 0:
            return True
        raise PartEnded(_how(code))

    async def _probe(self) -> str | None:
        """Return what is wrong, or None."""
        if self.part.is_task:
            return "at work"
        uptime = time.time() - (self.record.started or 0.0)
        if self.part.probe is None:
            return None
        try:
            version = await self.part.probe(uptime)
        except NotHealthy as finding:
            return str(finding)
        self.record.version = version or self.record.version
        return None

    def _end(self, within: float) -> None:
        """Ask the process to stop, then make sure of it and of its children."""
        identity = self.record.identity
        process = identity.process() if identity else None
        family = processes.with_descendants(process) if process else []
        processes.signal_all(family[:1], self.part.stop_signal)
        left = processes.wait_until_gone(family, within=within)
        processes.stop([*left, *self._marked()], signal.SIGTERM, within=1.0)
        if self._child:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=5)

    def _end_remains(self) -> None:
        """Before a restart: nothing of the old process may be in the way of the new one."""
        if self.part.is_external:
            return
        if self.part.children_may_outlive:
            identity = self.record.identity
            process = identity.process() if identity else None
            processes.stop([process] if process else [], self.part.stop_signal, within=3.0)
        else:
            self._end(within=3.0)
        self._forget_process()

    def _marked(self) -> list[psutil.Process]:
        return processes.processes_marked(self._marks())


def _how(code: int | None) -> str:
    if code is None:
        return "ended"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
