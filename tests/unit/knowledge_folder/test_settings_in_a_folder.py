"""What a folder says of its agent, and what is wrong with it where."""

import pytest

from dagster_kb.readers.agent_files import AgentFolder
from dagster_kb.resources.git_files import GitFile
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from kb_contract.agent_manifest import GoldenQuestion
from kb_contract.errors import BadManifest
from tests.doubles.git_repository import GitRepository


def paths(files: list[GitFile]) -> list[str]:
    return [one.path for one in files]


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
        ("golden.yml", "questions: []\n", "only golden.yaml is read"),
        (
            "Golden.yaml",
            "questions: []\n",
            "git mv knowledge/a/Golden.yaml knowledge/a/golden.yaml",
        ),
        ("agent.yml", "title: A\n", "only agent.yaml is read"),
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
