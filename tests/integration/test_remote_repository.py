"""A knowledge repository elsewhere: cloned, followed through everything, and never waited for."""

import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.remote_repository import FetchTooSlow, RemoteRepository
from kb_contract.errors import BadInput, Unavailable
from tests.doubles.git_http_server import git_http_server
from tests.doubles.git_repository import GitRepository


@dataclass
class Elsewhere:
    """A bare repository, a work tree that pushes to it, and what the writer sees of it."""

    bare: Path
    work: GitRepository
    url: str
    home: Path
    asked: list[str]

    def remote(self, branch: str = "main") -> RemoteRepository:
        return RemoteRepository(self.url, branch, self.home)

    def folder(self, branch: str = "main") -> KnowledgeFolder:
        return KnowledgeFolder.of_remote(self.remote(branch), "knowledge")

    def push(self, files: dict[str, str], *how: str) -> str:
        self.work.write({f"knowledge/{name}": text for name, text in files.items()})
        sha = self.work.commit()
        self.work._git("push", "--quiet", *how, str(self.bare), "HEAD:main")
        return sha

    def read(self, sha: str, path: str) -> bytes:
        return self.remote().objects.run("show", f"{sha}:{path}")


@pytest.fixture(params=["file", "http", "ssh"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Elsewhere]:
    bare = tmp_path / "host" / "team" / "repo.git"
    bare.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    work = GitRepository(tmp_path / "work")
    if request.param == "file":
        yield Elsewhere(bare, work, f"file://{bare}", tmp_path / "home", [])
        return
    if request.param == "ssh":
        monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh_to_here(tmp_path)))
        monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
        yield Elsewhere(bare, work, f"ssh://git@elsewhere.test{bare}", tmp_path / "home", [])
        return
    with git_http_server(tmp_path / "host") as (base, asked):
        yield Elsewhere(bare, work, f"{base}/team/repo.git", tmp_path / "home", asked)


def ssh_to_here(folder: Path, *, says: str = "") -> Path:
    """What ssh is to git: it runs the last word on the other side, or says why it cannot."""
    script = folder / "ssh"
    fails = f"echo {shlex.quote(says)} >&2; exit 255" if says else 'eval "exec $last"'
    script.write_text(f"#!/bin/sh\nfor last; do :; done\n{fails}\n")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    ("says", "cure"),
    [
        ("Host key verification failed.", "ssh-keyscan elsewhere.test"),
        ("git@elsewhere.test: Permission denied (publickey).", "GIT_SSH_COMMAND='ssh -i"),
        ("ssh: Could not resolve hostname elsewhere.test: Name or service not known",
         "KNOWLEDGE_REPOSITORY"),
    ],
)  # fmt: skip
def test_what_ssh_refuses_is_said_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, cure: str
):
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh_to_here(tmp_path, says=says)))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    remote = RemoteRepository("ssh://git@elsewhere.test/team/repo.git", "main", tmp_path / "home")
    with pytest.raises(Unavailable) as refused:
        remote.newest()
    assert says.rstrip(".") in str(refused.value)
    assert cure in refused.value.cure
    assert "what is served stays" in refused.value.cure


def texts(folder: KnowledgeFolder, agent: str) -> dict[str, bytes]:
    files = folder.files(folder.head(), agent)
    data = dict(folder.read([one.blob_sha for one in files]))
    return {one.path: data[one.blob_sha] for one in files}


def test_a_repository_elsewhere_is_read_like_a_folder(elsewhere: Elsewhere):
    first = elsewhere.push({"a/x.md": "one", "b/y.md": "yes", "a/agent.yaml": "title: The A\n"})
    folder = elsewhere.folder()
    assert folder.head().sha == first
    assert set(folder.agents(folder.head())) == {"a", "b"}
    assert texts(folder, "a") == {"knowledge/a/x.md": b"one"}
    assert folder.agent_settings(folder.head(), "a").manifest.title == "The A"
    second = elsewhere.push({"a/x.md": "two"})
    assert folder.head().sha == second
    assert texts(folder, "a") == {"knowledge/a/x.md": b"two"}


def test_what_is_there_already_is_not_fetched_again(elsewhere: Elsewhere):
    elsewhere.push({"a/x.md": "one"})
    folder = elsewhere.folder()
    folder.head()
    before = len(elsewhere.asked)
    folder.head()
    packs = [path for path in elsewhere.asked[before:] if path.endswith("git-upload-pack")]
    assert len(packs) <= 1  # the question itself; a fetch would ask twice


def test_a_force_push_is_followed_and_what_was_cited_stays_readable(elsewhere: Elsewhere):
    first = elsewhere.push({"a/x.md": "one"})
    second = elsewhere.push({"a/x.md": "two"})
    folder = elsewhere.folder()
    assert folder.head().sha == second
    elsewhere.work._git("reset", "--hard", "--quiet", first)
    third = elsewhere.push({"a/x.md": "three"}, "--force")
    assert folder.head().sha == third
    elsewhere.remote().objects.run("gc", "--prune=now", "--quiet")
    assert elsewhere.read(second, "knowledge/a/x.md") == b"two"
    elsewhere.work._git("push", "--quiet", "--force", str(elsewhere.bare), f"{first}:main")
    assert folder.head().sha == first
    elsewhere.remote().objects.run("gc", "--prune=now", "--quiet")
    assert elsewhere.read(third, "knowledge/a/x.md") == b"three"


def test_a_branch_that_is_deleted_is_said_and_comes_back(elsewhere: Elsewhere):
    elsewhere.push({"a/x.md": "one"})
    elsewhere.work._git("push", "--quiet", str(elsewhere.bare), "HEAD:docs/next")
    folder = elsewhere.folder("docs/next")
    sha = folder.head().sha
    elsewhere.work._git("push", "--quiet", str(elsewhere.bare), ":docs/next")
    with pytest.raises(BadInput, match="the branch docs/next is not there"):
        folder.head()
    assert elsewhere.read(sha, "knowledge/a/x.md") == b"one"
    elsewhere.work._git("push", "--quiet", str(elsewhere.bare), "HEAD:docs/next")
    assert folder.head().sha == sha


def test_without_a_branch_the_remotes_head_is_followed_through_a_rename(elsewhere: Elsewhere):
    with pytest.raises(BadInput, match="no commit yet"):
        elsewhere.folder("").head()
    elsewhere.push({"a/x.md": "one"})
    assert texts(elsewhere.folder(""), "a") == {"knowledge/a/x.md": b"one"}
    new = elsewhere.push({"a/x.md": "two"})
    subprocess.run(["git", "-C", str(elsewhere.bare), "branch", "-m", "main", "trunk"], check=True)
    assert elsewhere.folder("").head().sha == new


def test_a_remote_that_is_down_is_said_and_nothing_is_lost(elsewhere: Elsewhere):
    sha = elsewhere.push({"a/x.md": "one"})
    folder = elsewhere.folder()
    folder.head()
    away = elsewhere.bare.with_name("away.git")
    elsewhere.bare.rename(away)
    with pytest.raises(Unavailable, match="cannot be read"):
        folder.head()
    assert elsewhere.read(sha, "knowledge/a/x.md") == b"one"
    away.rename(elsewhere.bare)
    assert folder.head().sha == sha


def test_a_shallow_remote_is_read(tmp_path: Path):
    full = GitRepository(tmp_path / "full")
    for text in ("one", "two", "three"):
        full.write({"knowledge/a/x.md": text})
        full.commit()
    shallow = tmp_path / "shallow.git"
    subprocess.run(["git", "clone", "-q", "--bare", "--depth=1", f"file://{full.root}", str(shallow)],
                   check=True)  # fmt: skip
    folder = KnowledgeFolder.of_remote(
        RemoteRepository(f"file://{shallow}", "", tmp_path / "home"), "knowledge"
    )
    assert texts(folder, "a") == {"knowledge/a/x.md": b"three"}


def test_a_mistyped_folder_is_not_an_empty_one(elsewhere: Elsewhere):
    elsewhere.push({"a/x.md": "one"})
    folder = KnowledgeFolder.of_remote(elsewhere.remote(), "knowlege")
    with pytest.raises(BadInput, match=r"no folder knowlege/.*KNOWLEDGE_PATH"):
        folder.head()
    root = KnowledgeFolder.of_remote(elsewhere.remote(), "")
    assert set(root.agents(root.head())) == {"knowledge"}


def test_a_repository_elsewhere_has_no_uncommitted_work(elsewhere: Elsewhere):
    elsewhere.push({"a/x.md": "one"})
    with pytest.raises(BadInput, match="only what is pushed"):
        elsewhere.folder().uncommitted("a")


def test_a_remote_that_hangs_costs_its_two_seconds_and_leaves_no_process(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/team/repo.git"
        remote = RemoteRepository(url, "main", tmp_path / "home")
        began = time.monotonic()
        with pytest.raises(Unavailable, match="did not answer within 2 s") as hung:
            remote.newest(seconds=15)
        assert "KNOWLEDGE_ASK_SECONDS" in hung.value.cure
        with pytest.raises(Unavailable, match="did not answer within 3 s"):
            remote.newest(seconds=30)
        assert time.monotonic() - began < 60
    ours = psutil.Process().children(recursive=True)
    assert [one for one in ours if "git" in one.name() and one.is_running()] == []
    assert not [
        one for one in psutil.process_iter(["cmdline"]) if url in (one.info["cmdline"] or [])
    ]


def test_what_cannot_be_fetched_in_time_is_named_with_its_commit(elsewhere: Elsewhere):
    sha = elsewhere.push({"a/x.md": "one"})
    remote = elsewhere.remote()
    with pytest.raises(FetchTooSlow) as caught:
        remote.newest(seconds=0.0001)
    assert caught.value.tip == sha
    assert remote.newest() == sha


def test_another_process_that_fetches_is_not_disturbed(elsewhere: Elsewhere):
    sha = elsewhere.push({"a/x.md": "one"})
    remote = elsewhere.remote()
    with remote._locked(sha, 1), pytest.raises(FetchTooSlow, match="another process"):
        elsewhere.remote().newest(seconds=0.1)
    assert elsewhere.remote().newest() == sha


def test_what_a_killed_git_left_in_the_mirror_is_taken_away(elsewhere: Elsewhere):
    elsewhere.push({"a/x.md": "one"})
    remote = elsewhere.remote()
    remote.newest()
    left = [
        remote.mirror / name
        for name in ("packed-refs.lock", "shallow.lock", "refs/scriptorium/incoming/main.lock",
                     "refs/scriptorium/tips/main.lock", "objects/pack/tmp_pack_abc123")
    ]  # fmt: skip
    for one in left:
        one.parent.mkdir(parents=True, exist_ok=True)
        one.write_bytes(b"")
    sha = elsewhere.push({"a/x.md": "two"})
    assert remote.newest() == sha
    assert not [one for one in left if one.exists()]


def test_a_git_that_lost_its_writer_is_ended_where_another_begins(elsewhere: Elsewhere):
    elsewhere.push({"a/x.md": "one"})
    remote = elsewhere.remote()
    remote.newest()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/team/repo.git"
        command = ["git", f"--git-dir={remote.mirror}", "fetch", "--", url, "main"]
        orphan = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        sha = elsewhere.push({"a/x.md": "two"})
        assert remote.newest() == sha
        orphan.wait(60)  # the other end says nothing, so it does not end by itself


def test_a_commit_that_came_without_its_files_is_fetched(elsewhere: Elsewhere):
    """A git that unpacks few objects writes the commit first."""
    elsewhere.push({"a/x.md": "one"})
    remote = elsewhere.remote()
    remote.newest()
    sha = elsewhere.push({"a/x.md": "two"})
    commit = elsewhere.work._git("cat-file", "commit", sha)
    remote.objects.run("hash-object", "-w", "-t", "commit", "--stdin", given=commit)
    assert remote.newest() == sha
    assert elsewhere.read(sha, "knowledge/a/x.md") == b"two"


def test_a_mirror_that_is_no_repository_is_not_taken_for_one_above_it(tmp_path: Path):
    outer = GitRepository(tmp_path / "outer")
    outer.write({"knowledge/a/x.md": "outer"})
    outer.commit()
    remote = RemoteRepository("file:///nowhere.git", "main", outer.root / ".kb" / "repositories")
    remote.mirror.mkdir(parents=True)
    with pytest.raises(BadInput, match="not a git repository"):
        remote.objects.run("rev-parse", "HEAD")


def test_hooks_and_filters_of_the_remote_do_nothing(elsewhere: Elsewhere, tmp_path: Path):
    fired = tmp_path / "fired"
    hook = elsewhere.bare / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {fired}\n")
    hook.chmod(0o755)
    elsewhere.work.write({".gitattributes": "*.md filter=evil\n",
                          ".gitmodules": f'[submodule "m"]\npath=m\nurl=ext::touch {fired}\n'})  # fmt: skip
    elsewhere.push({"a/x.md": "one"})
    assert texts(elsewhere.folder(), "a") == {"knowledge/a/x.md": b"one"}
    assert not fired.exists()


def test_two_branches_share_a_mirror(elsewhere: Elsewhere):
    first = elsewhere.push({"a/x.md": "one"})
    elsewhere.work._git("push", "--quiet", str(elsewhere.bare), "HEAD:old")
    second = elsewhere.push({"a/x.md": "two"})
    assert elsewhere.folder("old").head().sha == first
    assert elsewhere.folder("main").head().sha == second
    assert len([one for one in elsewhere.home.iterdir() if one.is_dir()]) == 1


def test_a_branch_named_below_the_one_before_is_followed(elsewhere: Elsewhere):
    one = elsewhere.push({"a/x.md": "# One\n"})
    assert elsewhere.folder().head().sha == one
    at_host = ("git", "-C", str(elsewhere.bare))
    subprocess.run([*at_host, "branch", "-m", "main", "main/2.0"], check=True)
    elsewhere.work.write({"knowledge/a/x.md": "# Two\n"})
    two = elsewhere.work.commit()
    elsewhere.work._git("push", "--quiet", str(elsewhere.bare), "HEAD:main/2.0")
    assert elsewhere.folder("main/2.0").head().sha == two
    subprocess.run([*at_host, "branch", "-m", "main/2.0", "main"], check=True)
    assert elsewhere.folder().head().sha == two
