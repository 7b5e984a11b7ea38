"""Where the process with the Writer's code listens, and who may reach it."""

import inspect
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dagster._grpc.server import DagsterApiServer

from kb.dagster_code import LOCATION, code_arguments, code_socket, write_workspace
from kb.embedded.health import NotHealthy, SocketProbe


def test_the_socket_lies_in_the_stacks_own_folder():
    home = Path("/srv/kb")
    assert code_socket(home) == home / "dagster" / "code.socket"
    assert str(code_socket(home)) in code_arguments(code_socket(home))


def test_a_long_path_gives_a_short_one_that_is_the_same_each_time():
    home = Path("/srv") / ("very-long-name-" * 10)
    socket = code_socket(home)
    assert len(os.fsencode(socket)) < 104
    assert socket == code_socket(home)
    assert socket != code_socket(home / "other")


def test_only_this_account_reaches_it(tmp_path: Path):
    socket = tmp_path / "apart" / "code.socket"
    write_workspace(tmp_path, socket)
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    said = yaml.safe_load((tmp_path / "workspace.yaml").read_text())
    place = {"socket": str(socket), "location_name": LOCATION}
    assert said == {"load_from": [{"grpc_server": place}]}


async def test_nobody_listens(tmp_path: Path):
    with pytest.raises(NotHealthy, match=r"code\.socket"):
        await SocketProbe(tmp_path / "code.socket")(1.0)


IMPORTED = """
import sys
from kb.dagster_code_server import COMMON

def imported(said):
    said.put([one for one in COMMON if one not in sys.modules])

def ends_tidily(said):
    import atexit
    atexit.register(print, "the rest is sent", flush=True)
    said.put("it goes on")

def works_on(said):
    import os, signal
    said.put(os.getpid())
    signal.pause()
"""
BEGUN = """
import os, signal
from multiprocessing import forkserver

import psutil

from kb.dagster_code_server import forked_from_one
from imported import ends_tidily, imported, works_on

def begun(work):
    said = context.SimpleQueue()
    process = context.Process(target=work, args=(said,))
    process.start()
    return process, said.get()

if __name__ == "__main__":
    context = forked_from_one()
    for work in (imported, imported, ends_tidily):
        process, told = begun(work)
        process.join()
        print(told, process.exitcode, flush=True)
    process, pid = begun(works_on)
    at_work = psutil.Process(pid)
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    process.join()
    at_work.wait(timeout=20)
    print("it ended too", process.is_alive(), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each run is a new interpreter")
def test_a_run_begins_with_all_that_runs_import_and_ends_as_if_it_were_alone(tmp_path: Path):
    (tmp_path / "imported.py").write_text(IMPORTED, "utf-8")
    script = tmp_path / "begun.py"
    script.write_text(BEGUN, "utf-8")
    here = {**os.environ, "PYTHONPATH": f"{Path(__file__).parents[2]}:{tmp_path}"}
    done = subprocess.run(
        [sys.executable, script], env=here, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [
        "[] 0", "[] 0", "the rest is sent", "it goes on 0", "it ended too False",
    ], done.stderr  # fmt: skip


def test_dagster_begins_runs_by_what_we_set():
    assert "self._mp_ctx.Process(" in inspect.getsource(DagsterApiServer.StartRun)
