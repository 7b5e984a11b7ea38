"""What a commit holds is read, by agent; what could not be kept is refused by name."""

import os
from pathlib import Path

import pytest

from dagster_kb.readers.formats import LARGEST_FILE
from dagster_kb.readers.reading import claims
from dagster_kb.readers.source_text import MAX_TEXT_BYTES
from dagster_kb.resources.git_files import GitFile
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from kb_contract.errors import BadIdentifier, BadInput
from tests.doubles.git_repository import GitRepository
from tests.unit.knowledge_folder.conftest import contents


def paths(files: list[GitFile]) -> list[str]:
    return [one.path for one in files]


def test_a_commit_is_read_and_not_the_working_tree(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    repository.write({"knowledge/a/x.md": "old", "knowledge/b/y.md": "yes", "else.md": "no"})
    sha = repository.commit()
    repository.write({"knowledge/a/x.md": "new", "knowledge/a/new.md": "new"})
    head = folder.head()
    assert (head.sha, head.uncommitted) == (sha, False)
    assert head.committed_at is not None
    assert head.committed_at.tzinfo is not None
    assert set(folder.agents(head)) == {"a", "b"}
    assert contents(folder, folder.files(head, "a")) == {"knowledge/a/x.md": b"old"}
    assert folder.root == repository.root


def test_trees_change_exactly_with_their_folder(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    repository.write({"knowledge/a/x.md": "1", "knowledge/b/y.md": "1"})
    repository.commit()
    before, before_all = folder.agents(folder.head()), folder.head().tree_sha
    repository.write({"knowledge/a/x.md": "2", "other": "2"})
    repository.commit()
    after = folder.agents(folder.head())
    assert before["a"] != after["a"]
    assert before["b"] == after["b"]
    assert before_all != folder.head().tree_sha
    repository.remove("knowledge/a")
    repository.commit()
    assert set(folder.agents(folder.head())) == {"b"}


def test_the_root_may_be_the_folder(repository: GitRepository) -> None:
    repository.write({"a/x.md": "text", ".github/y.md": "no", "README.md": "no"})
    repository.commit()
    folder = KnowledgeFolder(repository.root)
    head = folder.head()
    assert set(folder.agents(head)) == {"a"}
    assert contents(folder, folder.files(head, "a")) == {"a/x.md": b"text"}
    assert repository.show(head.tree_sha, "a/x.md") == "text"
    repository.write({"a/x.md": "changed"})
    work = folder.uncommitted("a")
    assert contents(folder, folder.files(work, "a")) == {"a/x.md": b"changed"}


def test_names_that_are_hard(repository: GitRepository, folder: KnowledgeFolder) -> None:
    names = [" lead.md", "-dash.md", "new\nline.md", "sp ace.md", "tab\t.md", 'quo"te.md', "é😀.md",
             "b\\s.md", "*.md", ":(top)x.md", "s/u/b.md", "x" * 250 + ".md", "#.md", "~.md"]  # fmt: skip
    repository.write({f"knowledge/a/{name}": f"text of {name}" for name in names})
    repository.commit()
    for revision in (folder.head(), folder.uncommitted("a")):
        files = folder.files(revision, "a")
        assert {one.refusal for one in files} == {None}
        assert contents(folder, files) == {
            f"knowledge/a/{name}": f"text of {name}".encode() for name in names
        }


def test_names_that_nothing_could_keep_are_refused_and_named_apart(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    place = os.fsencode(repository.root / "knowledge" / "a")
    deep = place + b"/" + b"/".join([b"d" * 200] * 6)
    os.makedirs(deep)  # noqa: PTH103 (a path in bytes)
    for name in (place + b"/caf\xe9.md", place + b"/caf\\xe9.md", deep + b"/x.md"):
        Path(os.fsdecode(name)).write_bytes(b"text")
    repository.commit()
    files = folder.files(folder.head(), "a")
    refusals = [one.refusal or "" for one in files]
    assert sorted(reason[:16] for reason in refusals) == [
        "",
        "its name is not ",
        "its path has 1,2",
    ]
    assert len(set(paths(files))) == 3
    assert all(one.path.endswith(".md") and len(one.path) < 300 for one in files)
    assert all(one.path.encode() for one in files)


def test_links_submodules_and_large_files_are_refused(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    much = {"x.md": 1, "large.md": MAX_TEXT_BYTES + 1, "same.pdf": MAX_TEXT_BYTES + 1,
            "huge.pdf": LARGEST_FILE + 1}  # fmt: skip
    repository.write({f"knowledge/a/{name}": b"x" * size for name, size in much.items()})
    (repository.root / "knowledge/a/link.md").symlink_to("/etc/passwd")
    (repository.root / "knowledge/linked").symlink_to("a")
    inner = GitRepository(repository.root / "knowledge/a/module.md")
    inner.commit()
    GitRepository(repository.root / "knowledge/module").commit()
    repository.commit()
    head = folder.head()
    reasons = {one.path.split("/")[-1]: one.refusal for one in folder.files(head, "a")}
    assert reasons["x.md"] is None
    assert "symbolic link" in str(reasons["link.md"])
    assert "submodule" in str(reasons["module.md"])
    assert "5,242,881 bytes, more than 5,242,880" in str(reasons["large.md"])
    assert reasons["same.pdf"] is None
    assert "67,108,865 bytes, more than 67,108,864" in str(reasons["huge.pdf"])
    assert set(folder.agents(head)) == {"a"}
    assert {name: why.split(",")[0] for name, why in folder.refused(head).items()} == {
        "linked": "this is a symbolic link",
        "module": "this is a git submodule",
    }
    large = next(one.blob_sha for one in folder.files(head, "a") if one.size > LARGEST_FILE)
    with pytest.raises(BadInput, match="more than 67,108,864"):
        list(folder.read([large]))


def test_folders_that_cannot_be_agents_are_named(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    names = ["Upper", "sp ace", "a_blue", "ok", ".hidden", "é"]
    repository.write({f"knowledge/{name}/x.md": "x" for name in names})
    repository.commit()
    head = folder.head()
    assert set(folder.agents(head)) == {"ok"}
    assert set(folder.refused(head)) == {"Upper", "sp ace", "a_blue", "é"}
    with pytest.raises(BadIdentifier):
        folder.files(head, "../else")


def test_a_few_files_are_listed_without_the_others(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    written = {"x.md": "one", "f/ü [1]*.md": "two", "y.md": "three", "agent.yaml": "about: it"}
    repository.write({f"knowledge/a/{name}": text for name, text in written.items()})
    repository.commit()
    wanted = [f"knowledge/a/{name}" for name in ("f/ü [1]*.md", "x.md", "gone.md", "agent.yaml")]
    found = folder.files(folder.head(), "a", wanted)
    assert contents(folder, found) == {
        "knowledge/a/f/ü [1]*.md": b"two", "knowledge/a/x.md": b"one",
    }  # fmt: skip
    many = [*wanted, *(f"knowledge/a/none-{number}.md" for number in range(100))]
    assert {"knowledge/a/x.md", "knowledge/a/y.md"} <= set(
        paths(folder.files(folder.head(), "a", many))
    )


def test_a_folder_of_knowledge_below_a_hidden_one_hides_nothing(repository: GitRepository) -> None:
    place = ".docs/.kb/knowledge"
    repository.write({f"{place}/a/{one}": "# T" for one in ("x.md", "b/y.md", ".z.md", ".c/w.md")})
    repository.commit()
    folder = KnowledgeFolder(repository.root / place)
    files = folder.files(folder.head(), "a")
    assert {one.inside for one in files if claims(one.inside)} == {"x.md", "b/y.md"}
    assert {one.path for one in files} == {f"{place}/a/{one.inside}" for one in files}
