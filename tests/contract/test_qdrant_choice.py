"""Which Qdrant is taken, and with what it is started."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from kb.embedded.qdrant_choice import (
    BinaryQdrant,
    ExternalQdrant,
    OwnerQdrant,
    choose_qdrant,
    command,
)
from kb_contract.errors import BadSetting


@dataclass(frozen=True)
class Settings:
    qdrant_url: str | None = None
    qdrant_bin: Path | None = None


def nothing_on_path(_name: str) -> str | None:
    return None


def test_a_url_comes_first(tmp_path: Path):
    settings = Settings("http://qdrant:6333", tmp_path / "missing")
    assert choose_qdrant(settings, nothing_on_path) == ExternalQdrant("http://qdrant:6333")


def test_then_the_program_that_is_named():
    program = Path(sys.executable)
    assert choose_qdrant(Settings(qdrant_bin=program), nothing_on_path) == BinaryQdrant(program)


def test_then_one_on_the_path():
    assert choose_qdrant(Settings(""), {"qdrant": "/opt/qdrant"}.get) == BinaryQdrant(
        Path("/opt/qdrant")
    )


def test_else_our_own_process():
    assert choose_qdrant(Settings(), nothing_on_path) == OwnerQdrant()


@pytest.mark.parametrize("name", ["missing", ".", "plain"])
def test_a_program_that_cannot_run_is_named(tmp_path: Path, name: str):
    (tmp_path / "plain").write_text("no program")
    program = tmp_path / name
    with pytest.raises(BadSetting, match="QDRANT_BIN="):
        choose_qdrant(Settings(qdrant_bin=program), nothing_on_path)


@pytest.mark.parametrize("choice", [OwnerQdrant(), BinaryQdrant(Path("/opt/qdrant"))])
def test_the_key_is_in_the_environment_only(choice: OwnerQdrant | BinaryQdrant, tmp_path: Path):
    argv, env = command(choice, tmp_path, "127.0.0.1", 7001, "secret")
    assert "secret" not in " ".join(argv)
    assert "secret" in env.values()


def test_the_program_is_kept_to_loopback_and_quiet(tmp_path: Path):
    argv, env = command(BinaryQdrant(Path("/opt/qdrant")), tmp_path, "127.0.0.1", 7001, None)
    assert argv == ["/opt/qdrant", "--disable-telemetry"]
    assert env["QDRANT__SERVICE__HOST"] == "127.0.0.1"
    assert env["QDRANT__SERVICE__HTTP_PORT"] == "7001"
    assert env["QDRANT__STORAGE__STORAGE_PATH"].startswith(str(tmp_path))
    assert env["QDRANT__STORAGE__SNAPSHOTS_PATH"].startswith(str(tmp_path))
    assert "QDRANT__SERVICE__API_KEY" not in env
