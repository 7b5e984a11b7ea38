"""Repositories of other shapes, hooks, and machines where something is missing."""

import subprocess
from pathlib import Path

import pytest

from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from kb_contract.errors import BadInput
from tests.doubles.git_repository import GitRepository
from tests.unit.knowledge_folder.conftest import contents


@pytest.mark.parametrize("kind", ["shallow", "detached", "worktree"])
def test_other_shapes_of_repository(repository: GitRepository, tmp_path: Path, kind: str) -> None:
    repository.write({"knowledge/a/x.md": "1"})
    first = repository.commit()
    repository.write({"knowledge/a/x.md": "2"})
    repository.commit()
    other = tmp_path / "other"
    if kind == "worktree":
        repository._git("worktree", "add", "--detach", str(other), first)
    else:
        depth = ["--depth=1"] if kind == "shallow" else []
        repository._git("clone", "--quiet", *depth, f"file://{repository.root}", str(other))
    if kind == "detached":
        subprocess.run(["git", "-C", str(other), "checkout", "-q", first], check=True)
    folder = KnowledgeFolder(other / "knowledge")
    expected = b"2" if kind == "shallow" else b"1"
    assert contents(folder, folder.files(folder.head(), "a")) == {"knowledge/a/x.md": expected}


def test_a_hooks_environment_does_not_lead_elsewhere(
    repository: GitRepository, folder: KnowledgeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write({"knowledge/a/x.md": "1"})
    sha = repository.commit()
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert folder.head().sha == sha
    assert folder.uncommitted("a").uncommitted


def test_hooks_and_monitors_do_not_run(repository: GitRepository, folder: KnowledgeFolder) -> None:
    trap = repository.root / "trap"
    hook = repository.root / ".git/hooks/post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {trap}\n")
    hook.chmod(0o755)
    repository._git("config", "core.fsmonitor", str(hook))
    repository.write({"knowledge/a/x.md": "1"})
    assert folder.agents(folder.uncommitted("a"))
    assert not trap.exists()


def test_what_is_not_there_is_said(tmp_path: Path, repository: GitRepository) -> None:
    with pytest.raises(BadInput, match="not a folder"):
        KnowledgeFolder(tmp_path / "nothing").head()
    (tmp_path / "outside").mkdir()
    with pytest.raises(BadInput, match=r"not in a git repository.*git init"):
        KnowledgeFolder(tmp_path / "outside").head()
    with pytest.raises(BadInput, match=r"no commit yet.*commit -m"):
        KnowledgeFolder(repository.root).head()
    repository.write({"x": "x"})
    repository.commit()
    (repository.root / "knowledge").mkdir()
    empty = KnowledgeFolder(repository.root / "knowledge")
    with pytest.raises(BadInput, match=r"no folder knowledge/ at .*check out a branch"):
        empty.head()
    assert empty.agents(empty.committed()) == {}
    repository.write({"knowledge/README.md": "no agent yet"})
    repository.commit()
    assert empty.agents(empty.head()) == {}


def test_without_git(
    repository: GitRepository, folder: KnowledgeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BadInput, match=r"`git` is not here.*install git"):
        folder.head()
    with pytest.raises(BadInput, match="`git` is not here"):
        list(folder.read(["0" * 40]))


def test_a_damaged_repository_is_not_taken_for_a_new_one(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    repository.commit()
    (repository.root / ".git/HEAD").write_text("nonsense")
    with pytest.raises(BadInput, match="git rev-parse failed"):
        folder.head()


def test_it_opens_nothing_until_it_is_used() -> None:
    assert KnowledgeFolder(Path("/nowhere")) == KnowledgeFolder(Path("/nowhere"))
