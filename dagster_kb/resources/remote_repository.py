"""A repository elsewhere, and the bare mirror of it on this machine that the writer reads."""

import os
import shutil
import signal
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from dagster_kb.resources.git_objects import GitObjects, environment, git_is_there
from dagster_kb.resources.mirror_leftovers import clear_up
from kb_contract.errors import BadInput, Unavailable
from kb_contract.identifiers import sha256_text

ASK_SECONDS: Final = 2.0
FETCH_SECONDS: Final = 600.0
# Git's own ways to credentials and certificates; nothing else of GIT_* is taken over.
WAYS_IN: Final = (
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
    "GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM",
)  # fmt: skip

_OURS: Final = "refs/scriptorium"
_CURES: Final = (
    ("Host key verification failed",
     "compare the host's fingerprint, then, as the same user, "
     "`ssh-keyscan {host} >> ~/.ssh/known_hosts`"),
    ("Permission denied (",
     "give the repository the public half of a key, and the other one to git: "
     "GIT_SSH_COMMAND='ssh -i /path/to/key'"),
    ("Could not resolve host", "see whether KNOWLEDGE_REPOSITORY names the right host"),
    ("could not read Username", "give git a credential helper in its configuration"),
    ("Authentication failed", "renew what git's credential helper gives for {host}"),
)  # fmt: skip


def mirrors_in(home: Path) -> Path:
    """Return the folder of mirrors in KB_HOME."""
    return home.expanduser().resolve() / "repositories"


class FetchTooSlow(Unavailable):
    """The new commit is known, and there was no time to fetch it."""

    tip: str = ""


@dataclass(frozen=True)
class RemoteRepository:
    """One branch of a repository elsewhere; nothing is asked before it is used."""

    url: str
    branch: str
    """Nothing for the branch that the remote's HEAD names."""
    home: Path
    """Folder of the mirrors."""
    ask_seconds: float = ASK_SECONDS

    @property
    def mirror(self) -> Path:
        return self.home / f"{sha256_text(self.url)[:16]}.git"

    @property
    def objects(self) -> GitObjects:
        return GitObjects(self.mirror, bare=True)

    def __str__(self) -> str:
        return f"{self.url} ({self.branch or 'HEAD'})"

    def tip(self, seconds: float = 0.0) -> str:
        """Ask for the branch's newest commit; a remote that hangs costs `ask_seconds`, or these."""
        patience = max(self.ask_seconds, seconds)
        said = self._ask(("ls-remote", "--quiet", "--", self.url, self._ref), patience)
        lines = (line.split("\t", 1) for line in said.decode("utf-8", "replace").splitlines())
        found = {line[1]: line[0] for line in lines if len(line) == 2}
        if self._ref not in found:
            raise BadInput(
                f"the branch {self.branch} is not there"
                if self.branch else "the repository has no commit yet",
                where=self.url, cure="push it, or set KNOWLEDGE_BRANCH; what is served stays",
            )  # fmt: skip
        return found[self._ref]

    def newest(self, seconds: float = FETCH_SECONDS) -> str:
        """Return the newest commit, fetched when the mirror does not have it.

        A tenth of the time may go into asking: a sensor's tick is short, and a run has a minute.
        """
        tip = self.tip(seconds / 10)
        with self._locked(tip, seconds):
            self._make(tip)
            commit = tip if self._has_all_of(tip) else self._fetched(tip, seconds)
            self._move(commit)
        return commit

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.branch}" if self.branch else "HEAD"

    @property
    def _kept(self) -> str:
        return f"{_OURS}/tips/{self._short}"

    @property
    def _short(self) -> str:
        """A name of one piece: git has no room for `release/2.0` beside `release`."""
        return sha256_text(self._ref)[:16]

    @contextmanager
    def _locked(self, tip: str, seconds: float) -> Generator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{self.mirror}.lock", timeout=seconds):
                yield
        except Timeout as error:
            raise self._too_slow(tip, "another process is fetching it") from error

    def _make(self, tip: str) -> None:
        if (self.mirror / "HEAD").exists():
            return
        draft = self.mirror.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        kind = "sha256" if len(tip) == 64 else "sha1"
        empty = ("init", "--quiet", "--bare", "--template=", f"--object-format={kind}")
        self._ask((*empty, str(draft)), FETCH_SECONDS)
        draft.rename(self.mirror)

    def _has_all_of(self, commit: str) -> bool:
        """A ref of ours says so: of a fetch that was killed the commit may be there without its files."""
        try:
            held = self.objects.run("for-each-ref", "--count=1", "--contains", commit, _OURS)
        except BadInput:
            return False
        return bool(held)

    def _fetched(self, tip: str, seconds: float) -> str:
        incoming = f"{_OURS}/incoming/{self._short}"
        flags = (
            "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
            "--no-auto-maintenance", "--update-shallow", "--force",
        )  # fmt: skip
        into = f"--git-dir={self.mirror}"
        clear_up(self.mirror)
        try:
            self._ask((into, "fetch", *flags, "--", self.url, f"+{self._ref}:{incoming}"), seconds)
        except _OutOfTime as error:
            raise self._too_slow(tip, f"not fetched within {seconds:g} s") from error
        return self.objects.run("rev-parse", "--verify", incoming).decode("ascii").strip()

    def _move(self, commit: str) -> None:
        """Follow the branch; a commit that a force-push left behind stays readable by a ref of ours."""
        git = self.objects
        listed = git.run("for-each-ref", "--format=%(objectname)", self._kept)
        old = listed.decode("ascii").strip()
        if old == commit:
            return
        clear_up(self.mirror)
        if old and git.run("rev-list", "--max-count=1", old, f"^{commit}"):
            git.run("update-ref", f"{_OURS}/left/{old}", old)
        git.run("update-ref", self._kept, commit)

    def _too_slow(self, tip: str, why: str) -> FetchTooSlow:
        slow = FetchTooSlow(
            f"commit {tip[:12]}: {why}", where=self.url,
            cure="it is tried again; what is served stays",
        )  # fmt: skip
        slow.tip = tip
        return slow

    def _ask(self, arguments: Sequence[str], seconds: float) -> bytes:
        with git_is_there(self.home):
            code, said, problem = _bounded(["git", *self._settings(), *arguments], seconds)
        if code is None:
            raise _OutOfTime(
                f"the repository did not answer within {seconds:g} s", where=self.url,
                cure="it is asked again, and what is served stays; where it is only slow, "
                "set KNOWLEDGE_ASK_SECONDS higher",
            )  # fmt: skip
        if code != 0:
            why = " ".join(problem.decode("utf-8", "replace").split())[:300]
            raise Unavailable(
                f"the repository cannot be read: {why or f'git ended with {code}'}", where=self.url,
                cure=f"{self._cure(why)}; what is served stays",
            )  # fmt: skip
        return said

    def _cure(self, why: str) -> str:
        """Say what a person does about it; the other words are git's and ssh's own."""
        host = urlsplit(self.url).hostname or "HOST"
        known = (cure for words, cure in _CURES if words in why)
        return next(known, "try `git ls-remote {url}` as the same user").format(
            url=self.url, host=host
        )

    def _settings(self) -> list[str]:
        settings = (
            "safe.directory=*", "core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0",
            "protocol.allow=never", f"protocol.{urlsplit(self.url).scheme}.allow=always",
            "credential.interactive=false", "http.lowSpeedLimit=1000", "http.lowSpeedTime=30",
        )  # fmt: skip
        return [part for one in settings for part in ("-c", one)]


class _OutOfTime(Unavailable):
    """Git was ended by us."""


def _bounded(command: Sequence[str], seconds: float) -> tuple[int | None, bytes, bytes]:
    """Run git; when its time is over, end it with all that it started (ssh, remote-https)."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=_ways_in(), start_new_session=True,
    )  # fmt: skip
    try:
        said, problem = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, b"", b""
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return process.returncode, said, problem


def _ways_in() -> dict[str, str]:
    ours = {name: os.environ[name] for name in WAYS_IN if name in os.environ}  # noqa: TID251 (a child's environment, no setting)
    return environment({**ours, "GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never"})
