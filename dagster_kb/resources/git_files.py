"""What git has in a folder, as files: which of them can be a document, and what is wrong with others."""

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from dagster_kb.readers.formats import largest_of
from dagster_kb.resources.git_objects import TreeEntry
from kb_contract.errors import BadIdentifier, BadManifest
from kb_contract.identifiers import agent_id as checked_agent_id

_LONGEST_PATH: Final = 1000
_ELSEWHERE: Final = ("120000", "160000")


@dataclass(frozen=True)
class GitFile:
    """A file of an agent's folder."""

    path: str
    blob_sha: str
    mode: str
    size: int
    refusal: str | None = None
    """Why it cannot be a document whatever is in it; such a file is quarantined unread."""
    place: str = ""
    """The agent's folder, with its last '/'."""

    @property
    def inside(self) -> str:
        """Where it lies in the folder: that the folder itself is below a hidden one hides nothing."""
        return self.path.removeprefix(self.place)

    @property
    def is_elsewhere(self) -> bool:
        """A link or a submodule: git has the name here, and not what it stands for."""
        return self.mode in _ELSEWHERE


def setting_sha(entry: TreeEntry) -> str:
    """Return the blob of a file that describes the agent; a folder or a link there is refused."""
    problem = problem_of(entry)
    if entry.kind == "folder" or problem:
        where = shown_path(entry.path)
        raise BadManifest(problem or "this is a folder", where=where, cure="make it a file")
    return entry.sha


def git_file(entry: TreeEntry, place: str) -> GitFile:
    """Say what git has at a place, with a name that can be kept."""
    return GitFile(
        path=shown_path(entry.path),
        blob_sha=entry.sha,
        mode=entry.mode,
        size=entry.size,
        refusal=problem_of(entry) or _why_no_path(entry.path),
        place=place,
    )


def problem_of(entry: TreeEntry) -> str | None:
    """Say why an entry can be neither a document nor an agent, with the cure."""
    if entry.kind == "symlink":
        return "this is a symbolic link, and none is followed → put the file itself here"
    if entry.kind == "submodule":
        return "this is a git submodule, its files are elsewhere → put the files themselves here"
    largest = largest_of(entry.path.decode("utf-8", "replace"))
    if entry.size > largest:
        return f"{entry.size:,} bytes, more than {largest:,} → split it"
    return None


def _why_no_path(path: bytes) -> str | None:
    if not _is_utf8(path):
        return "its name is not UTF-8 → rename it (`convmv -t UTF-8`)"
    if len(path) > _LONGEST_PATH:
        return f"its path has {len(path):,} bytes, more than {_LONGEST_PATH:,} → shorten it"
    return None


def why_no_id(name: str) -> str:
    """Say why a folder's name is no agent's; nothing when it is one."""
    try:
        checked_agent_id(name)
    except BadIdentifier as error:
        return str(error)
    return ""


def shown_path(path: bytes) -> str:
    """Return the path; one that nothing could keep gets a name of ours, unique and with its suffix."""
    if not _why_no_path(path):
        return path.decode("utf-8")
    name = path.decode("utf-8", "backslashreplace")
    digest = hashlib.sha256(path).hexdigest()[:12]
    return f"{name[:200]}~{digest}{PurePosixPath(name).suffix[:20]}"


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
