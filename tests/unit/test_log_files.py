"""Logs of the parts stay small while the parts go on writing to them."""

import subprocess
import sys
from pathlib import Path

from kb.embedded.log_files import keep_small


def test_a_small_log_is_left_alone(tmp_path: Path):
    log = tmp_path / "api.log"
    log.write_text("one line\n")
    assert keep_small(tmp_path, largest=100) == []
    assert [one.name for one in tmp_path.iterdir()] == ["api.log"]


def test_the_last_ones_are_kept_and_no_more(tmp_path: Path):
    log = tmp_path / "api.log"
    for number in range(5):
        log.write_text(f"{number}" * 20)
        assert keep_small(tmp_path, largest=10, kept=3) == [log]
        assert log.read_text() == ""
    kept = {one.name: one.read_text()[0] for one in tmp_path.iterdir() if one != log}
    assert kept == {"api.log.1": "4", "api.log.2": "3", "api.log.3": "2"}


def test_a_process_goes_on_writing_into_the_emptied_log(tmp_path: Path):
    log = tmp_path / "part.log"
    program = "import sys\nfor line in sys.stdin: print(line.strip(), flush=True); sys.stderr.write('.'); sys.stderr.flush()"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert process.stdin
    assert process.stderr

    def write(line: str) -> None:
        assert process.stdin
        assert process.stderr
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        assert process.stderr.read(1) == "."

    write("before")
    keep_small(tmp_path, largest=3)
    write("after")
    process.stdin.close()
    process.wait(timeout=10)
    process.stderr.close()
    assert (tmp_path / "part.log.1").read_text() == "before\n"
    assert log.read_text() == "after\n"
