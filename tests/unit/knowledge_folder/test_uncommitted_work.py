"""Work that is not committed yet becomes a tree of git's, and nobody's index changes."""

import shutil

from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from tests.doubles.git_repository import GitRepository
from tests.unit.knowledge_folder.conftest import contents


def test_uncommitted_work_is_a_tree_and_leaves_the_index_alone(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    repository.write({"knowledge/a/x.md": "1", "knowledge/a/gone.md": "1", "knowledge/b/y.md": "1"})
    repository.write({".gitignore": "*.tmp\n"})
    repository.commit()
    committed = folder.agents(folder.head())
    assert folder.agents(folder.uncommitted("a")) == committed
    repository.write({"knowledge/a/x.md": "2", "knowledge/a/n.md": "2", "knowledge/a/z.tmp": "2"})
    repository.write({"knowledge/b/y.md": "2"})
    (repository.root / "knowledge/a/gone.md").unlink()
    before = status(repository)
    work = folder.uncommitted("a")
    assert work.uncommitted
    assert status(repository) == before
    assert contents(folder, folder.files(work, "a")) == {
        "knowledge/a/n.md": b"2",
        "knowledge/a/x.md": b"2",
    }
    assert folder.agents(work)["b"] == committed["b"]
    assert repository.show(work.sha, "knowledge/a/x.md") == "2"
    assert folder.uncommitted("a") == work


def test_uncommitted_work_outlives_gits_clean_up(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    repository.write({"knowledge/a/x.md": "kept"})
    work = folder.uncommitted("a")
    repository._git("gc", "--prune=now", "--quiet")
    assert repository.show(work.sha, "knowledge/a/x.md") == "kept"


def test_uncommitted_removal_of_an_agent(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    repository.write({"knowledge/a/x.md": "1", "knowledge/b/y.md": "1"})
    repository.commit()
    shutil.rmtree(repository.root / "knowledge/a")
    assert set(folder.agents(folder.uncommitted("a"))) == {"b"}
    assert set(folder.agents(folder.uncommitted("never_there"))) == {"a", "b"}


def status(repository: GitRepository) -> bytes:
    return repository._git("status", "--porcelain=v2")
