"""One part on a real child process: started, watched, started again, given up, ended."""

import asyncio
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kb.embedded.health import AliveProbe, HttpProbe
from kb.embedded.part import Part
from kb.embedded.part_runner import PartRunner, Surroundings
from kb.embedded.restart_policy import RestartPolicy
from kb.state_file import PartRecord
from tests.conftest import until

FOREVER = "import time; time.sleep(600)"


@dataclass
class Stage:
    """Runs parts, and remembers each state that they were in."""

    folder: Path
    seen: list[tuple[str, str]] = field(default_factory=list)

    def runner(self, part: Part, policy: RestartPolicy | None = None) -> PartRunner:
        record = PartRecord()
        around = Surroundings(
            stack_id=self.folder.name + str(time.monotonic_ns()),
            environment={"PATH": "/usr/bin:/bin"},
            logs=self.folder,
            changed=lambda: self.seen.append((record.state, record.reason)),
        )
        return PartRunner(part, record, around, policy=policy or RestartPolicy())

    def python(self, code: str, **more: object) -> Part:
        part = Part("child", argv=(sys.executable, "-c", code), cwd=self.folder)
        return Part(**{**part.__dict__, **more})  # pyright: ignore[reportArgumentType]


async def test_a_child_that_dies_is_started_again(tmp_path: Path):
    runner = Stage(tmp_path).runner(Stage(tmp_path).python(FOREVER, probe=AliveProbe(0.1)))
    life = asyncio.create_task(runner.run([]))
    await asyncio.wait_for(runner.ready.wait(), 60)
    first = runner.record.pid
    assert first
    psutil.Process(first).kill()
    await until(lambda: runner.record.state == "healthy" and runner.record.pid != first)
    assert runner.record.restarts == 1
    life.cancel()
    await runner.stop()
    assert runner.record.state == "stopped"
    assert runner.record.pid is None


async def test_a_child_that_never_works_is_given_up_and_the_reason_is_kept(tmp_path: Path):
    stage = Stage(tmp_path)
    part = stage.python("import sys; print('no such table'); sys.exit(3)", probe=AliveProbe())
    runner = stage.runner(part, RestartPolicy(limit_before_first_health=2))
    await asyncio.wait_for(runner.run([]), 60)
    assert runner.record.state == "failed"
    assert runner.record.reason.startswith("ended with code 3; given up")
    assert (tmp_path / "child.log").read_text() == "no such table\n" * 2
    assert ("backoff", "ended with code 3") in stage.seen


async def test_a_task_runs_once_and_is_done(tmp_path: Path):
    runner = Stage(tmp_path).runner(Stage(tmp_path).python("print('made')", is_task=True))
    await asyncio.wait_for(runner.run([]), 60)
    assert runner.record.state == "done"
    assert runner.record.pid is None
    assert runner.ready.is_set()


async def test_a_task_may_take_longer_than_a_start(tmp_path: Path):
    stage = Stage(tmp_path)
    at_work, enough = tmp_path / "at work", tmp_path / "enough"
    waits = (
        "import pathlib, time\n"
        f"pathlib.Path({str(at_work)!r}).touch()\n"
        f"while not pathlib.Path({str(enough)!r}).exists(): time.sleep(0.05)\n"
    )
    runner = stage.runner(stage.python(waits, is_task=True, starts_within=0.0))
    life = asyncio.create_task(runner.run([]))
    await until(lambda: at_work.exists() or "backoff" in dict(stage.seen))
    enough.touch()
    await asyncio.wait_for(life, 60)
    assert "backoff" not in dict(stage.seen)
    assert runner.record.state == "done"


async def test_a_part_waits_for_what_it_needs(tmp_path: Path):
    runner = Stage(tmp_path).runner(Stage(tmp_path).python("", is_task=True))
    needed = asyncio.Event()
    life = asyncio.create_task(runner.run([needed]))
    done, _ = await asyncio.wait([life], timeout=0.3)
    assert not done
    assert runner.record.state == "waiting"
    needed.set()
    await asyncio.wait_for(life, 60)


async def test_a_child_that_ignores_the_signal_is_killed_with_its_children(tmp_path: Path):
    ready = tmp_path / "ready"
    stubborn = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])\n"
        f"pathlib.Path({str(ready)!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    part = Stage(tmp_path).python(stubborn, probe=AliveProbe(0.1), stop_within=0.5)
    runner = Stage(tmp_path).runner(part)
    life = asyncio.create_task(runner.run([]))
    await until(lambda: ready.exists() and ready.read_text() != "" and runner.ready.is_set())
    parent, child = runner.record.pid, int(ready.read_text())
    life.cancel()
    await runner.stop()
    assert not psutil.pid_exists(parent or 0)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


async def test_a_child_hears_the_interrupt_that_a_background_shell_ignores(tmp_path: Path):
    """A handler of the parent's is the default again in the child; an ignored signal is not."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    part = Stage(tmp_path).python(
        FOREVER, probe=AliveProbe(0.1), stop_signal=signal.SIGINT, stop_within=90
    )
    runner = Stage(tmp_path).runner(part)
    life = asyncio.create_task(runner.run([]))
    await asyncio.wait_for(runner.ready.wait(), 60)
    began = time.monotonic()
    life.cancel()
    await runner.stop()
    assert time.monotonic() - began < part.stop_within
    asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)


async def test_a_program_that_is_not_there_is_named(tmp_path: Path):
    runner = Stage(tmp_path).runner(
        Part("child", argv=(str(tmp_path / "nothing"),), cwd=tmp_path),
        RestartPolicy(limit_before_first_health=1),
    )
    await asyncio.wait_for(runner.run([]), 60)
    assert "cannot be started" in runner.record.reason
    assert "nothing" in runner.record.reason


async def test_health_over_http_tells_the_version(tmp_path: Path):
    (tmp_path / "readyz").write_text("fine")
    (tmp_path / "info").write_text('{"version": "1.2.3"}')
    serve = (
        "import functools, http.server as h\n"
        "s = h.ThreadingHTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler)\n"
        "open('port.draft', 'w').write(str(s.server_port))\n"
        "import os; os.rename('port.draft', 'port')\n"
        "s.serve_forever()\n"
    )
    first = Stage(tmp_path).runner(Stage(tmp_path).python(serve, probe=AliveProbe(0.1)))
    life = asyncio.create_task(first.run([]))
    await until((tmp_path / "port").exists)
    url = f"http://127.0.0.1:{(tmp_path / 'port').read_text()}"
    assert await HttpProbe(f"{url}/readyz", version_url=f"{url}/info")(1.0) == "1.2.3"
    external = Stage(tmp_path).runner(Part("outside", url=url, probe=HttpProbe(f"{url}/readyz")))
    watch = asyncio.create_task(external.run([]))
    await asyncio.wait_for(external.ready.wait(), 60)
    life.cancel()
    await first.stop()
    await until(lambda: external.record.state == "unhealthy")
    watch.cancel()
