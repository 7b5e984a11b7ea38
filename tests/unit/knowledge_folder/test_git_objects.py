"""Objects of git by one process: many, few, and those that are not there."""

import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from dagster_kb.resources.git_objects import GitObjects
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from kb_contract.errors import BadInput
from tests.doubles.git_repository import GitRepository


def test_a_partial_clone_is_told_to_fetch_the_rest(
    repository: GitRepository, tmp_path: Path
) -> None:
    repository.write({"knowledge/a/x.md": "Far away."})
    repository.commit()
    clone = tmp_path / "part"
    source = ["clone", "--quiet", "--no-checkout",
              "--filter=blob:none", repository.root.as_uri(), str(clone)]  # fmt: skip
    subprocess.run(["git", "-C", str(repository.root), "config", "uploadpack.allowFilter", "true"],
                   check=True)  # fmt: skip
    subprocess.run(["git", *source], check=True)
    objects = GitObjects(clone)
    with pytest.raises(BadInput, match="partial clone: fetch all of it"):
        objects.tree("HEAD", recursive=True)
    subprocess.run(["git", "-C", str(clone), "fetch", "--quiet", "--refetch", "--no-filter"],
                   check=True)  # fmt: skip
    assert [one.path for one in objects.tree("HEAD", recursive=True)] == [b"knowledge/a/x.md"]


def test_a_listing_of_a_commit_is_asked_for_once(repository: GitRepository) -> None:
    repository.write({"knowledge/a/x.md": "one"})
    sha = repository.commit()
    asked: list[tuple[str, ...]] = []

    class Counted(GitObjects):
        def run(self, *arguments: str, **more: Any) -> bytes:
            asked.append(arguments)
            return super().run(*arguments, **more)

    objects = Counted(repository.root)
    first = objects.tree(sha, "knowledge/")
    assert objects.tree(sha, "knowledge/") == first
    assert [one.path for one in first] == [b"knowledge/a"]
    assert len(asked) == 1
    assert list(objects.blobs([], largest=1)) == []


def test_many_blobs_through_one_process(repository: GitRepository, folder: KnowledgeFolder) -> None:
    texts = {f"knowledge/a/{number}.md": f"{number}" * 2000 for number in range(700)}
    repository.write({**texts, "knowledge/a/empty.md": "", "knowledge/a/same.md": "1" * 2000})
    repository.commit()
    files = folder.files(folder.head(), "a")
    read = list(folder.read(one.blob_sha for one in files))
    assert [sha for sha, _ in read] == [one.blob_sha for one in files]
    assert {file.path: data.decode() for file, (_, data) in zip(files, read, strict=True)} == {
        **texts,
        "knowledge/a/empty.md": "",
        "knowledge/a/same.md": "1" * 2000,
    }


def running() -> list[str]:
    """Processes of git that this one has below it."""
    return [one.name() for one in psutil.Process().children() if one.name() == "git"]


def test_a_reader_may_stop_early(repository: GitRepository, folder: KnowledgeFolder) -> None:
    repository.write({f"knowledge/a/{number}.md": "x" * 10**6 + str(number) for number in range(5)})
    repository.commit()
    files = folder.files(folder.head(), "a")
    stream = folder.read([one.blob_sha for one in files])
    next(stream)
    assert running() == ["git"]
    stream.close()
    assert running() == []


def test_a_missing_blob_is_said(repository: GitRepository, folder: KnowledgeFolder) -> None:
    repository.commit()
    with pytest.raises(BadInput, match="git has no blob"):
        list(folder.read(["0" * 40]))
