"""What steps print is kept in a file and still shown, by whomever it was printed."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from dagster._core.storage.compute_log_manager import ComputeIOType

from kb.dagster_output import KeptOutput

KEY = ["a-run", "compute_logs", "a-step"]


def _read(kept: KeptOutput, kind: ComputeIOType) -> bytes | None:
    return kept.get_log_data_for_type(KEY, kind, 0, None)[0]


def _print_and_fail() -> None:
    print("first")
    raise RuntimeError("broken")


def test_what_is_printed_is_kept_and_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    kept = KeptOutput(str(tmp_path))
    before = psutil.Process().children()
    with kept.capture_logs(KEY):
        print("said here", flush=True)
        os.write(sys.stderr.fileno(), b"said by a library\n")
        child = [sys.executable, "-c", "print('said by a child')"]
        subprocess.run(child, check=True, stdout=sys.stdout)
        assert psutil.Process().children() == before
        assert not kept.is_capture_complete(KEY)
    print("said afterwards")
    assert kept.is_capture_complete(KEY)
    assert _read(kept, ComputeIOType.STDOUT) == b"said here\nsaid by a child\n"
    assert _read(kept, ComputeIOType.STDERR) == b"said by a library\n"
    shown = capfd.readouterr()
    assert shown.out == "said here\nsaid by a child\nsaid afterwards\n"
    assert shown.err == "said by a library\n"


def test_a_second_try_adds_to_what_was_kept_and_shows_its_own_part(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    kept = KeptOutput(str(tmp_path))
    with pytest.raises(RuntimeError, match="broken"), kept.capture_logs(KEY):
        _print_and_fail()
    assert not kept.is_capture_complete(KEY)
    assert capfd.readouterr().out == "first\n"
    with kept.capture_logs(KEY):
        print("second")
    assert _read(kept, ComputeIOType.STDOUT) == b"first\nsecond\n"
    assert capfd.readouterr().out == "second\n"


def test_a_stream_without_a_descriptor_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    kept = KeptOutput(str(tmp_path))
    with kept.capture_logs(KEY):
        print("only here")
    assert capsys.readouterr().out == "only here\n"
    assert kept.is_capture_complete(KEY)


def test_runs_side_by_side_keep_what_the_newest_prints_and_leave_all_as_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    kept, other = KeptOutput(str(tmp_path)), ["another-run", "compute_logs", "a-step"]
    # As two threads make them that ask Dagster's instance at one time.
    first, second = kept.capture_logs(KEY), KeptOutput(str(tmp_path)).capture_logs(other)
    first.__enter__()
    print("of the first")
    second.__enter__()
    print("of both")
    first.__exit__(None, None, None)
    print("of the second")
    second.__exit__(None, None, None)
    print("of nobody")
    shown, _ = kept.get_log_data_for_type(other, ComputeIOType.STDOUT, 0, None)
    assert _read(kept, ComputeIOType.STDOUT) == b"of the first\n"
    assert shown == b"of both\nof the second\n"
    assert capfd.readouterr().out == "of the first\nof both\nof the second\nof nobody\n"
