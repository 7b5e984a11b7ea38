"""The folder of agents as git has it at a revision; the working tree is never read."""

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from dagster_kb.readers.agent_files import (
    NEAR_MISSES,
    SETTING_FILES,
    AgentFolder,
    read_agent_folder,
)
from dagster_kb.readers.formats import LARGEST_FILE
from dagster_kb.resources.git_files import (
    GitFile,
    git_file,
    problem_of,
    setting_sha,
    shown_path,
    why_no_id,
)
from dagster_kb.resources.git_objects import EntryKind, GitObjects, TreeEntry, repository_root
from dagster_kb.resources.remote_repository import FETCH_SECONDS, RemoteRepository
from kb_contract.errors import BadInput
from kb_contract.identifiers import agent_id as checked_agent_id

# All their names together are shorter than what any system takes as arguments.
_FEW: Final = 64
_KEPT: Final = "refs/scriptorium/uncommitted"


@dataclass(frozen=True)
class Revision:
    """One moment of the repository; `git show <sha>:<path>` takes its sha."""

    sha: str
    """A commit, or a tree when `uncommitted`."""
    tree_sha: str
    """Tree of the whole knowledge folder; the empty tree when there is no such folder."""
    committed_at: datetime | None
    """Nothing for work that is not committed."""
    uncommitted: bool = False


@dataclass(frozen=True)
class KnowledgeFolder:
    """Reads agents and their files from git objects; opens nothing until it is used."""

    path: Path
    remote: RemoteRepository | None = None
    """Where the repository is when it is elsewhere; `path` then lies in its mirror."""

    @classmethod
    def of_remote(cls, remote: RemoteRepository, inside: str) -> "KnowledgeFolder":
        return cls(remote.mirror / inside, remote)

    def __str__(self) -> str:
        return f"{self.remote} {self._prefix}" if self.remote else str(self.path)

    @cached_property
    def _git(self) -> GitObjects:
        if self.remote:
            return self.remote.objects
        return GitObjects(repository_root(self.path.resolve()))

    @cached_property
    def _prefix(self) -> str:
        """Where the folder lies in the repository: nothing for its root, else it ends in '/'."""
        here = self.path if self.remote else self.path.resolve()
        inside = here.relative_to(self._git.root).as_posix()
        return "" if inside == "." else f"{inside}/"

    @property
    def root(self) -> Path:
        """The repository's root; every path is relative to it."""
        return self._git.root

    def head(self, seconds: float = FETCH_SECONDS) -> Revision:
        """Return the commit that is checked out, or the newest elsewhere (fetched within `seconds`)."""
        commit = self.remote.newest(seconds) if self.remote else self._commit()
        if not commit:
            raise BadInput(
                "the repository has no commit yet",
                where=str(self.root),
                cure=f"git -C {self.root} add -A && git -C {self.root} commit -m knowledge",
            )
        self._require_place(commit)
        moment = datetime.fromtimestamp(self._git.moment(commit), UTC)
        return Revision(commit, self._tree_sha(commit), moment)

    def is_newest(self, revision: Revision) -> bool:
        """Whether git says the same now; work that is not committed is as it was when it was read."""
        if revision.uncommitted:
            return True
        now = self.remote.tip(FETCH_SECONDS / 10) if self.remote else self._commit()
        return now == revision.sha

    def _require_place(self, commit: str) -> None:
        """A mistyped folder, or another branch, is not one from which every agent was removed."""
        if self._is_placed(commit):
            return
        elsewhere = "set KNOWLEDGE_PATH" if self.remote else "check out a branch that has it"
        raise BadInput(
            f"there is no folder {self._prefix} at {commit[:12]}",
            where=str(self.remote or self.root),
            cure=f"{elsewhere}, or commit one; to keep it without agents, put a README.md into it",
        )

    def _is_placed(self, commit: str) -> bool:
        return not self._prefix or bool(self._git.tree(commit, self._prefix))

    def committed(self, seconds: float = FETCH_SECONDS) -> Revision:
        """Return the head, or an empty one where nothing is committed yet."""
        commit = "" if self.remote else self._commit()
        if self.remote or (commit and self._is_placed(commit)):
            return self.head(seconds)
        empty = self._empty_tree()
        return Revision(empty, empty, committed_at=None)

    def lying(self) -> list[str]:
        """Return the folders of the working tree that have a file which git does not ignore."""
        here = len(self._prefix)
        names = {one[here:].partition("/") for one in self._taken(self._prefix or ".")}
        folders = {first for first, inside, _ in names if inside and not first.startswith(".")}
        places = {one: self.root / self._prefix / one for one in folders}
        return sorted(one for one, at in places.items() if at.is_dir() and not at.is_symlink())

    def takes(self, path: str) -> bool:
        """Whether git would take a file of the working tree, by its path from the repository's root."""
        return bool(self._taken(path))

    def _taken(self, path: str) -> list[str]:
        also = ("-z", "--cached", "--others", "--exclude-standard")
        listed = self._git.run("ls-files", *also, "--", path).split(b"\0")
        return [one.decode("utf-8", "backslashreplace") for one in listed if one]

    def uncommitted(self, agent: str, *, keep: bool = True) -> Revision:
        """Write the agent's folder as it lies there into git: the last commit's tree with it.

        Kept it must be when anything will quote it; what is only looked at is git's to clean up.
        """
        if self.remote:
            raise BadInput(
                "a repository elsewhere has only what is pushed", where=str(self.remote),
                cure="push it, or work on a local folder (KNOWLEDGE_DIR, no KNOWLEDGE_REPOSITORY)",
            )  # fmt: skip
        folder = self.place_of(agent).rstrip("/")
        with tempfile.TemporaryDirectory(prefix="knowledge-index-") as scratch:
            index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
            self._git.run("read-tree", self._commit() or "--empty", also=index)
            if (self.root / folder).is_dir():
                self._git.run("add", "--all", "--", folder, also=index)
            else:
                self._git.run(
                    "rm", "-r", "--cached", "--ignore-unmatch", "--quiet", "--", folder, also=index
                )
            tree = _word(self._git.run("write-tree", also=index))
        if keep:  # else git's clean-up would some day take away what answers quote
            self._git.run("update-ref", f"{_KEPT}/{tree}", tree)
        return Revision(tree, self._tree_sha(tree), committed_at=None, uncommitted=True)

    def forget_uncommitted(self, trees: Iterable[str]) -> int:
        """Let git clean up trees that nothing quotes any more; returns how many it still kept."""
        kept = self._git.run("for-each-ref", "--format=%(objectname)", _KEPT).decode("ascii")
        gone = sorted(set(trees) & set(kept.split()))
        for tree in gone:
            self._git.run("update-ref", "-d", f"{_KEPT}/{tree}")
        return len(gone)

    def agents(self, revision: Revision) -> dict[str, str]:
        """Return the agents, each with the sha of its folder's tree."""
        return {name: entry.sha for name, entry, why in self._folders(revision) if not why}

    def before_it_went(self, agent: str, revision: Revision, known: str | None) -> list[Revision]:
        """Return the last commits that still had the agent's folder.

        `known` is a commit that had it, for a history that never followed it, as after a
        force-push; a repository that has none of them is another one.
        """
        parents = self._git.before_last_change(revision.sha, self.place_of(agent))
        found = [Revision(sha, self._tree_sha(sha), None) for sha in parents if self.knows(sha)]
        if known and self.knows(known) and not any(self.reaches(one, known) for one in found):
            found.append(Revision(known, self._tree_sha(known), None))
        return found

    def when_it_went(self, agent: str, revision: Revision) -> list[Revision]:
        """Return the commits that took the agent's folder away."""
        shas = self._git.last_changes(revision.sha, self.place_of(agent))
        return [Revision(sha, self._tree_sha(sha), None) for sha in shas]

    def refused_trees(self, revision: Revision) -> dict[str, str]:
        """Return the folders that cannot be agents, each with the sha of what is there."""
        return {name: entry.sha for name, entry, why in self._folders(revision) if why}

    def refused(self, revision: Revision) -> dict[str, str]:
        """Return the folders that cannot be agents, each with the reason."""
        return {name: why for name, _, why in self._folders(revision) if why}

    def files(self, revision: Revision, agent: str, wanted: Collection[str] = ()) -> list[GitFile]:
        """List what is in an agent's folder, but for the files that describe the agent.

        Where a few are wanted git is asked for no other, however many there are.
        """
        place = self.place_of(agent)
        places = wanted if 0 < len(wanted) <= _FEW else (place,)
        settings = {f"{place}{name}".encode() for name in SETTING_FILES}
        listed = self._git.tree(revision.sha, *places, recursive=True)
        return [git_file(entry, place) for entry in listed if entry.path not in settings]

    def changed_at(self, agent: str, since: str | None, until: Revision) -> datetime | None:
        """When the agent's folder was first changed after a commit; the last change if unknown."""
        last = ("log", "-1", "--format=%ct", until.sha, "--", self.place_of(agent))
        said = b""
        if since:
            try:
                said = self._git.run("log", "--format=%ct", f"{since}..{until.sha}", *last[4:])
            except BadInput:  # history was rewritten, or the tree was never a commit
                said = b""
        times = (said or self._git.run(*last)).split()
        return datetime.fromtimestamp(int(times[-1]), UTC) if times else None

    def read(self, blob_shas: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Stream blobs in the order asked for; ask for none of a file that has a refusal."""
        return self._git.blobs(blob_shas, largest=LARGEST_FILE)

    def agent_settings(self, revision: Revision, agent: str) -> AgentFolder:
        """Read what the folder says about its agent; all three files may be missing."""
        place = self.place_of(agent)
        names = (*SETTING_FILES, *NEAR_MISSES)
        there = self._git.tree(revision.sha, *(f"{place}{name}" for name in names))
        shas = {shown_path(entry.path).removeprefix(place): setting_sha(entry) for entry in there}
        read = self.read(shas.values())
        found = {name: data for name, (_, data) in zip(shas, read, strict=True)}
        return read_agent_folder(agent, found, where=place)

    def kind_at(self, revision: Revision, path: str) -> EntryKind | None:
        """Say what is there, by its path from the repository's root; nothing where nothing is."""
        return next((one.kind for one in self._git.tree(revision.sha, path)), None)

    def knows(self, sha: str) -> bool:
        """Say whether the repository has that commit or tree at all."""
        told = self._git.run("cat-file", "--batch-check", given=f"{sha}\n".encode("ascii"))
        return not told.rstrip().endswith(b" missing")

    def reaches(self, revision: Revision, sha: str) -> bool:
        """Say whether a commit is in the history of another, or is it."""
        return self.knows(sha) and not self._git.run(
            "rev-list", "--max-count=1", sha, f"^{revision.sha}"
        )

    @property
    def may_be_cut(self) -> bool:
        """Whether commits that were read may be missing: in a shallow clone, or a mirror made anew."""
        return self.remote is not None or self.is_shallow

    @property
    def is_shallow(self) -> bool:
        return _word(self._git.run("rev-parse", "--is-shallow-repository")) == "true"

    def place_of(self, agent: str) -> str:
        """Return where an agent's folder is in the repository, with its last '/'."""
        return f"{self._prefix}{checked_agent_id(agent)}/"

    def _folders(self, revision: Revision) -> Iterator[tuple[str, TreeEntry, str]]:
        """Give the direct sub-folders that are not hidden, each with why it is no agent."""
        for entry in self._git.tree(revision.sha, self._prefix):
            name = shown_path(entry.path[len(self._prefix.encode()) :])
            if name.startswith(".") or entry.kind == "file":
                continue
            yield name, entry, problem_of(entry) or why_no_id(name)

    def _tree_sha(self, sha: str) -> str:
        if not self._prefix:
            return _word(self._git.run("rev-parse", f"{sha}^{{tree}}"))
        for entry in self._git.tree(sha, self._prefix.rstrip("/")):
            if entry.kind == "folder":
                return entry.sha
        return self._empty_tree()

    def _empty_tree(self) -> str:
        return _word(self._git.run("hash-object", "-t", "tree", os.devnull))

    def _commit(self) -> str:
        """Return the commit that is checked out; nothing when there is none yet."""
        try:
            return _word(self._git.run("rev-parse", "--verify", "HEAD^{commit}"))
        except BadInput as error:
            if "single revision" not in error.what:
                raise
            return ""


def _word(said: bytes) -> str:
    return said.decode("ascii").strip()
