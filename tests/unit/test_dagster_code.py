"""Where the process with the Writer's code listens, and who may reach it."""

import os
import stat
from pathlib import Path

import pytest
import yaml

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
