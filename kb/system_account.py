"""The account that servers run under when we are root: Postgres refuses root."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "scriptorium"


@dataclass(frozen=True)
class Account:
    """A user of the machine without rights."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Say whether it may go through every folder down to `folder`, by their modes."""
        resolved = folder.resolve()
        return all(self._may_pass(part) for part in (*resolved.parents, resolved) if part.exists())

    def _may_pass(self, folder: Path) -> bool:
        said = folder.stat()
        if said.st_uid == self.uid:
            return bool(said.st_mode & stat.S_IXUSR)
        if said.st_gid == self.gid:
            return bool(said.st_mode & stat.S_IXGRP)
        return bool(said.st_mode & stat.S_IXOTH)


def service_account() -> Account | None:
    """Return the account to drop to, made when it is missing; None when we are not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    return _known(NAME) or _made(NAME) or _known("nobody")


def _known(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def _made(name: str) -> Account | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    # another starter may make it at the same moment, so the outcome counts, not the return code
    subprocess.run(
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name],
        check=False,
        capture_output=True,
    )
    return _known(name)
