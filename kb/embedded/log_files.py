"""Log files of the parts stay small: what grows too large is copied aside and emptied.

The parts append to an open file of their own, so it cannot be renamed away under them. What is
written between the copy and the emptying is lost; that is a line or two in many megabytes.
"""

import shutil
from pathlib import Path
from typing import Final

LARGEST: Final = 10 * 1024 * 1024
KEPT: Final = 3


def keep_small(folder: Path, largest: int = LARGEST, kept: int = KEPT) -> list[Path]:
    """Rotate each log that is too large; return those that were."""
    logs = sorted(folder.glob("*.log"))
    return [log for log in logs if _size(log) > largest and _rotate(log, kept)]


def _rotate(log: Path, kept: int) -> bool:
    """`part.log` → `part.log.1` → `part.log.2`; on a full disk the older ones are given up."""
    try:
        for number in range(kept - 1, 0, -1):
            older = _numbered(log, number)
            if older.exists():
                older.replace(_numbered(log, number + 1))
        shutil.copyfile(log, _numbered(log, 1))
    except OSError:
        for number in range(1, kept + 1):
            _numbered(log, number).unlink(missing_ok=True)
    with log.open("r+b") as file:
        file.truncate(0)
    return True


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0
