"""The walls around a process that reads documents: whatever a document sets off ends at them.

Limits of the system hold for C code too. The audit hook is for what well-meant libraries do when a
document asks for it: fetch a URL, include a file, start a program, write a temporary file.
"""

import os
import resource
import signal
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REFUSED: Final = (
    "socket.", "subprocess.", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.system",
    "os.startfile", "os.kill", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link",
    "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.putenv", "pty.", "shutil.",
    "tempfile.", "urllib.Request", "http.client.", "ftplib.", "smtplib.", "webbrowser.",
    "sqlite3.connect",
)  # fmt: skip
# What libraries of any kind look up.
_SYSTEM: Final = ("/usr/share", "/usr/lib", "/etc/mime.types", "/proc/self", "/dev/null")
OCR_PROGRAM: Final = "tesseract"
BLIND_PATIENCE: Final = 3.0


@dataclass(frozen=True)
class ParsingLimits:
    """What reading one document may take."""

    seconds: float = 10.0
    """By the clock, but for the time in which no core was free; a document that waits ends here.

    Three times as many where the system does not tell of that time.
    """
    ocr_seconds: float = 900.0
    """By the clock, for a PDF where OCR is asked for: that takes seconds a page."""
    longest_wait: float = 600.0
    """Seconds more by the clock until it ends itself, were no core free all the while, or its parent gone."""
    cpu_seconds: int = 8
    """Of a processor; less than by the clock, so that a document that computes ends here."""
    pdf_seconds_per_megabyte: float = 20.0
    """More of both for each megabyte of a PDF beyond the first quarter: a book has hundreds of pages."""
    most_pdf_seconds: int = 60
    memory: int = 1024**3
    """Bytes of address space of the process, the interpreter's own included."""
    open_files: int = 64


def confine(limits: ParsingLimits, *, may_run: Callable[[], bool]) -> None:
    """Put the walls up; what was imported before stays. `may_run`: whether OCR is asked for now."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is over
    walls = [
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, limits.open_files),
    ]
    if sys.platform == "linux":  # elsewhere it is refused, or means nothing
        walls.append((resource.RLIMIT_AS, limits.memory))
    for wall, height in walls:
        resource.setrlimit(wall, (height, height))
    sys.addaudithook(_hook(_readable(), may_run))


def begin(seconds: float, cpu_seconds: int, limits: ParsingLimits) -> None:
    """Start the clocks of one document; the system ends the process when one runs out.

    The parent knows how long no core was free, and ends it sooner.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds + limits.longest_wait)
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))


def waited_for_a_core(pid: int) -> float | None:
    """Seconds in which a process was ready and others ran; None where the system does not say."""
    try:
        said = Path(f"/proc/{pid}/schedstat").read_text("ascii").split()
    except OSError:
        return None
    return int(said[1]) / 1e9


class Spent:
    """What a process spent of the clock since now: the time in which it got no core is not its own."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began, self._before = time.monotonic(), waited_for_a_core(pid)

    def clock(self) -> float:
        return time.monotonic() - self._began

    def waited(self) -> float:
        now = waited_for_a_core(self._pid)
        return max(0.0, now - self._before) if now and self._before is not None else 0.0

    def seconds(self) -> float:
        if self._before is None:  # nobody tells; what it computes is limited all the same
            return self.clock() / BLIND_PATIENCE
        return self.clock() - self.waited()


def end() -> None:
    """Stop the clock."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _hook(
    readable: Sequence[str], may_run: Callable[[], bool]
) -> Callable[[str, tuple[Any, ...]], None]:
    def hook(event: str, facts: tuple[Any, ...]) -> None:
        if event == "open":
            _check_open(readable, *facts)
        elif event.startswith(_REFUSED) and not (
            event == "subprocess.Popen" and may_run() and _is_ocr(facts[1])
        ):
            raise PermissionError(f"a document may not cause {event}")

    return hook


def _is_ocr(command: Any) -> bool:
    """Tell whether this is `tesseract …`, or `env NAME=value tesseract …`."""
    words = [command] if isinstance(command, str | bytes) else list(command)
    names = [Path(os.fsdecode(one)).name for one in words if b"=" not in os.fsencode(one)]
    return names[:1] == [OCR_PROGRAM] or names[:2] == ["env", OCR_PROGRAM]


def _check_open(readable: Sequence[str], path: Any, _mode: Any, flags: int) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return  # a descriptor, which somebody opened
    place = os.path.realpath(os.fsdecode(cast("str", path)))
    if place == os.devnull:
        return
    if flags & _WRITES:
        raise PermissionError(f"a document may not cause writing ({place})")
    if not any(place == one or place.startswith(f"{one}{os.sep}") for one in readable):
        raise PermissionError(f"a document may not cause reading ({place})")


def _readable() -> list[str]:
    """Only where code is imported from, and its data: never the folder of knowledge."""
    paths = sysconfig.get_paths()
    libraries = [paths[one] for one in ("stdlib", "platstdlib", "purelib", "platlib")]
    libraries += [one for one in sys.path if one.endswith(("site-packages", "dist-packages"))]
    own = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "kb_contract")]
    return [os.path.realpath(one) for one in (*libraries, *own, *_SYSTEM)]
