"""What CI must have and a person's machine may lack: the programs that tests run."""

import platform
import sys
from pathlib import Path

import pytest

from tests.doubles.going_without import go_without
from tests.doubles.qdrant_program import npm


@pytest.mark.parametrize(("ci", "system", "machine", "outcome"), [
    ("true", "linux", "x86_64", pytest.fail.Exception),
    ("", "linux", "x86_64", pytest.skip.Exception),
    ("true", "darwin", "arm64", pytest.skip.Exception),
    ("true", "linux", "aarch64", pytest.skip.Exception),
])  # fmt: skip
def test_ci_fails_where_people_are_told_what_was_skipped(
    ci: str,
    system: str,
    machine: str,
    outcome: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(outcome, match=r"no server \(install one\)"):
        go_without("no server", "install one")


def test_npm_comes_along_where_the_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    told = npm("--version")
    assert told.returncode == 0, told.stderr
