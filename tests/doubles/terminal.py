"""A program on a pseudo-terminal, as a person starts it."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ROWS, COLUMNS = 40, 120
CTRL_C = b"\x03"


@dataclass
class OnATerminal:
    """Runs with a terminal as its stdin, stderr and, unless it goes to a pipe, its stdout."""

    command: Sequence[str]
    environment: Mapping[str, str]
    pipes_stdout: bool = False
    seen: bytes = b""
    _grew: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            list(self.command), env={**self.environment, "TERM": "xterm-256color"}, stdin=theirs,
            stdout=subprocess.PIPE if self.pipes_stdout else theirs, stderr=theirs,
            start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(theirs)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def wait_to_see(self, words: bytes, within: float = 120) -> None:
        with self._grew:
            assert self._grew.wait_for(lambda: words in self.seen, within), self.seen[-2000:]

    def ended(self, within: float = 240) -> tuple[int, str, bytes]:
        """Its exit code, what the terminal was shown, and what went to the pipe."""
        piped, _ = self.process.communicate(timeout=within)
        self._reader.join(within)
        os.close(self._ours)
        return self.process.returncode, self.seen.decode("utf-8", "replace"), piped or b""

    def _read(self) -> None:
        while True:
            try:
                said = os.read(self._ours, 1 << 16)
            except OSError:  # the last who had it open is gone
                return
            if not said:
                return
            with self._grew:
                self.seen += said
                self._grew.notify_all()


def _take_terminal() -> None:
    """Be who Ctrl-C on it is meant for."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
