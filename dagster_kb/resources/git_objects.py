"""Git's objects, read by git itself: no working tree, no hooks, no network."""

import itertools
import os
import re
import subprocess
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Literal, cast

from kb_contract.errors import BadInput

EntryKind = Literal["file", "folder", "symlink", "submodule"]

GIT_SECONDS: Final = 600
# 256 names are 10 KB and 17 KB: they fit into a pipe, so git and we never wait for each other.
_NAMES_AT_ONCE: Final = 256
_PIECE: Final = 1 << 16
_SHA: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LISTINGS: Final = 500
_FETCH_ALL: Final = "fetch all of it: `git fetch --refetch --no-filter`"
_KINDS: Final[dict[str, EntryKind]] = {
    "040000": "folder",
    "120000": "symlink",
    "160000": "submodule",
}


@dataclass(frozen=True)
class TreeEntry:
    """One line of `git ls-tree`."""

    mode: str
    sha: str
    size: int
    path: bytes

    @property
    def kind(self) -> EntryKind:
        return _KINDS.get(self.mode, "file")


def repository_root(folder: Path) -> Path:
    """Find the repository that a folder lies in."""
    if not folder.is_dir():
        raise BadInput(
            "this is not a folder",
            where=str(folder),
            cure="set KNOWLEDGE_DIR to the folder that holds one folder per agent",
        )
    for one in (folder, *folder.parents):
        if (one / ".git").exists():
            return one
    raise BadInput(
        "knowledge is read from git commits, and this folder is not in a git repository",
        where=str(folder),
        cure=f"git init {folder} && git -C {folder} add -A && git -C {folder} commit -m knowledge",
    )


@dataclass(frozen=True)
class GitObjects:
    """Reads (and for uncommitted work writes) objects of one repository."""

    root: Path
    bare: bool = False
    """Whether `root` itself is the repository; git then looks for none above it."""
    _listed: dict[tuple[str, ...], list[TreeEntry]] = field(
        default_factory=dict[tuple[str, ...], list[TreeEntry]],
        init=False,
        compare=False,
        repr=False,
    )
    """What lies where at some commits: that never changes, and asking takes a process each time."""
    _moments: dict[str, int] = field(
        default_factory=dict[str, int], init=False, compare=False, repr=False
    )

    def run(
        self, *arguments: str, given: bytes | None = None, also: Mapping[str, str] | None = None
    ) -> bytes:
        """Run git and return what it wrote, or say what it said."""
        with git_is_there(self.root):
            try:
                done = subprocess.run(
                    self._command(arguments),
                    input=given,
                    stdin=subprocess.DEVNULL if given is None else None,
                    capture_output=True,
                    env=environment(also),
                    timeout=GIT_SECONDS,
                    check=True,
                )
            except subprocess.CalledProcessError as error:
                raise self._failed(arguments, error.stderr) from error
            except subprocess.TimeoutExpired as error:
                raise BadInput(
                    f"git {arguments[0]} took more than {GIT_SECONDS} s",
                    where=str(self.root),
                    cure="look for very large files there, or a slow disk",
                ) from error
        return done.stdout

    def tree(self, revision: str, *paths: str, recursive: bool = False) -> list[TreeEntry]:
        """List what is at `paths` (end in '/' for a folder's content); nothing there, no entries."""
        if recursive or not _SHA.fullmatch(revision):
            return self._tree(revision, paths, recursive=recursive)
        if (revision, *paths) not in self._listed:
            if len(self._listed) >= _LISTINGS:
                self._listed.clear()
            self._listed[revision, *paths] = self._tree(revision, paths, recursive=False)
        return self._listed[revision, *paths]

    def moment(self, commit: str) -> int:
        """When a commit was made, in seconds since 1970."""
        if commit not in self._moments:
            said = self.run("show", "--no-patch", "--format=%ct", commit, "--")
            self._moments[commit] = int(said)
        return self._moments[commit]

    def last_changes(self, commit: str, place: str) -> list[str]:
        """Return the commits that changed a place last: on its branch, then where that came in."""
        return self._last_changes("%H", commit, place)

    def before_last_change(self, commit: str, place: str) -> list[str]:
        """Return the commits before those."""
        return self._last_changes("%P", commit, place)

    def _last_changes(self, of: str, commit: str, place: str) -> list[str]:
        ask = (f"--format={of}", commit, "--", place)
        lasts = (self.run("log", "-1", *way, *ask).split() for way in ((), ("--first-parent",)))
        return list(dict.fromkeys(last[0].decode("ascii") for last in lasts if last))

    def _tree(self, revision: str, paths: Sequence[str], *, recursive: bool) -> list[TreeEntry]:
        flags = ["-r"] if recursive else []
        place = ["--", *paths] if any(paths) else []
        listed = self.run("ls-tree", "-l", "-z", "--full-tree", *flags, revision, *place)
        return [_entry(line) for line in listed.split(b"\0") if line]

    def blobs(self, shas: Iterable[str], *, largest: int) -> Iterator[tuple[str, bytes]]:
        """Stream blobs, in the order asked for, through one process."""
        wanted = _batches(shas)
        if (first := next(wanted, None)) is None:
            return
        with self._cat_file() as (asking, telling):
            for batch in itertools.chain([first], wanted):
                asking.write("".join(f"{sha}\n" for sha in batch).encode("ascii"))
                asking.flush()
                for sha in batch:
                    yield sha, self._blob(telling, sha, largest)

    def _blob(self, telling: IO[bytes], sha: str, largest: int) -> bytes:
        header = telling.readline().split()
        if len(header) != 3 or header[1] != b"blob":
            raise BadInput(
                f"git has no blob {sha}",
                where=str(self.root),
                cure=f"run `git fsck`; in a partial clone, {_FETCH_ALL}",
            )
        size = int(header[2])
        if size > largest:
            raise BadInput(
                f"blob {sha} has {size:,} bytes, more than {largest:,}", where=str(self.root)
            )
        data = telling.read(size)
        telling.read(1)
        return data

    @contextmanager
    def _cat_file(self) -> Generator[tuple[IO[bytes], IO[bytes]]]:
        with git_is_there(self.root):
            process = subprocess.Popen(
                self._command(("cat-file", "--batch")),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(None),
            )
        try:
            # Popen types its pipes as optional; with PIPE they are there.
            yield cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        finally:
            process.kill()
            process.communicate()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        settings = (
            f"safe.directory={self.root}",
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "protocol.allow=never",
            "log.showSignature=false",
        )
        flags = [part for one in settings for part in ("-c", one)]
        literal = ("--no-pager", "--literal-pathspecs")
        where = ("--git-dir" if self.bare else "-C", str(self.root))
        return ["git", *flags, *literal, *where, *arguments]

    def _failed(self, arguments: tuple[str, ...], said: bytes) -> BadInput:
        reason = " ".join(said.decode("utf-8", "replace").split())[:500]
        return BadInput(
            f"git {arguments[0]} failed: {reason or 'it said nothing'}",
            where=str(self.root),
            # A partial clone leaves objects where it came from, and nothing is fetched in passing.
            cure=f"this is a partial clone: {_FETCH_ALL}"
            if "promisor remote" in reason
            else f"try `git -C {self.root} fsck`",
        )


@contextmanager
def git_is_there(root: Path) -> Generator[None]:
    """Say that git is missing, should it be."""
    try:
        yield
    except FileNotFoundError as error:
        raise BadInput(
            "the program `git` is not here", where=str(root), cure="install git (apt install git)"
        ) from error


def environment(also: Mapping[str, str] | None) -> dict[str, str]:
    """Ours without GIT_*: a hook that calls us must not point git at another repository."""
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 (a child's environment, no setting)
        if not name.startswith("GIT_")
    }
    fixed = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }
    return {**inherited, **fixed, **(also or {})}


def _entry(line: bytes) -> TreeEntry:
    facts, path = line.split(b"\t", 1)
    mode, _, sha, size = facts.decode("ascii").split()
    return TreeEntry(mode=mode, sha=sha, size=0 if size == "-" else int(size), path=path)


def _batches(shas: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(shas)
    while batch := list(itertools.islice(rest, _NAMES_AT_ONCE)):
        yield batch
