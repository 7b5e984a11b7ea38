"""A folder for what a test throws away: in memory where there is room, for nothing there waits for a disk."""

import shutil
import tempfile
from pathlib import Path

ROOM = 2 * 1024**3


def quick_folder(prefix: str) -> Path:
    """Make one; whoever asked for it removes it."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    return Path(tempfile.mkdtemp(prefix=prefix, dir=memory if roomy else None))
