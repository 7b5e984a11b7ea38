import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.readers.agent_files import AgentFolder
from dagster_kb.readers.formats import LARGEST_FILE
from dagster_kb.readers.source_text import MAX_TEXT_BYTES
from dagster_kb.resources.git_objects import GitObjects
from dagster_kb.resources.knowledge_folder import GitFile, KnowledgeFolder
from kb_contract.agent_manifest import GoldenQuestion
from kb_contract.errors import BadIdentifier, BadInput, BadManifest
from tests.doubles.git_repository import GitRepository


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "repository")


@pytest.fixture
def folder(repository: GitRepository) -> KnowledgeFolder:
    (repository.root / "knowledge").mkdir()
    return KnowledgeFolder(repository.root / "knowledge")


def paths(files: list[GitFile]) -> list[str]:
    return [one.path for one in files]


def contents(folder: KnowledgeFolder, files: list[GitFile]) -> dict[str, bytes]:
    data = dict(folder.read([one.blob_sha for one in files]))
    return {one.path: data[one.blob_sha] for one in files}


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


def test_what_a_folder_says_of_its_agent(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    repository.write(
        {
            "knowledge/a/agent.yaml": "title: The A\npurpose:\nretrieval: {limit: 7}\ntags: [x]\n",
            "knowledge/a/instructions.md": "\ufeffSpeak plainly.",
            "knowledge/a/golden.yaml": 'questions:\n- {question: "What is x?", path: x.md}\n',
            "knowledge/a/sub/agent.yaml": "no",
            "knowledge/a/x.md": "x",
            "knowledge/b/x.md": "x",
        }
    )
    repository.commit()
    head = folder.head()
    said = folder.agent_settings(head, "a")
    assert (said.manifest.title, said.manifest.retrieval.limit) == ("The A", 7)
    assert said.instructions == "Speak plainly."
    assert said.golden.questions == (GoldenQuestion(question="What is x?", path="x.md"),)
    assert paths(folder.files(head, "a")) == ["knowledge/a/sub/agent.yaml", "knowledge/a/x.md"]
    bare = folder.agent_settings(head, "b")
    assert isinstance(bare, AgentFolder)
    assert (bare.manifest.title, bare.instructions, bare.golden.questions) == ("B", "", ())


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("agent.yaml", "title: a\ntitle: b\n", "line 2: key 'title' is there twice"),
        ("agent.yaml", "purpos: x\n", "did you mean 'purpose'"),
        ("agent.yaml", "retrieval: {limit: lots}\n", "retrieval.limit"),
        ("agent.yaml", "- a\n", "not a mapping"),
        ("agent.yaml", "gate: [a]\n", "gate: this should be a mapping"),
        ("golden.yaml", "questions: what\n", "questions: this should be a list"),
        ("agent.yaml", "agent_id: b\n", "agent_id is 'b' but the folder is 'a'"),
        ("agent.yaml", "title: [", "not valid YAML"),
        ("golden.yaml", "questions: [{question: What}]\n", "questions.0.path"),
        (
            "golden.yaml",
            "questions: [{question: 'What is?', path: a.md}, {question: 'what  IS?', path: a.md}]\n",
            "'what is?' is asked more than once",
        ),
        (
            "golden.yaml",
            "questions: [{question: 'What is?', path: a.md, audience: ['h r']}]\n",
            "cannot be a group's name",
        ),
        ("golden.yaml", "x: &a 1\n", "an anchor"),
        ("instructions.md", b"\xff\xfex", "UTF-16"),
    ],
)
def test_a_broken_setting_is_refused_with_its_place(
    repository: GitRepository, folder: KnowledgeFolder, name: str, text: str | bytes, words: str
) -> None:
    repository.write({f"knowledge/a/{name}": text})
    repository.commit()
    with pytest.raises(BadManifest) as refusal:
        folder.agent_settings(folder.head(), "a")
    assert words in str(refusal.value)
    assert refusal.value.where == f"knowledge/a/{name}"


def test_a_setting_that_is_a_link_is_not_followed(
    repository: GitRepository, folder: KnowledgeFolder
) -> None:
    repository.write({"knowledge/a/x.md": "x"})
    (repository.root / "knowledge/a/instructions.md").symlink_to("/etc/passwd")
    repository.commit()
    with pytest.raises(BadManifest, match="symbolic link"):
        folder.agent_settings(folder.head(), "a")


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


def test_a_reader_may_stop_early(repository: GitRepository, folder: KnowledgeFolder) -> None:
    repository.write({f"knowledge/a/{number}.md": "x" * 10**6 + str(number) for number in range(5)})
    repository.commit()
    files = folder.files(folder.head(), "a")
    stream = folder.read([one.blob_sha for one in files])
    next(stream)
    stream.close()


def test_a_missing_blob_is_said(repository: GitRepository, folder: KnowledgeFolder) -> None:
    repository.commit()
    with pytest.raises(BadInput, match="git has no blob"):
        list(folder.read(["0" * 40]))


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
