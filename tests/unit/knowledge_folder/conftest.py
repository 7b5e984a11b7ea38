"""A git repository with a folder of knowledge in it, and what such a folder reads."""

from pathlib import Path

import pytest

from dagster_kb.resources.git_files import GitFile
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from tests.doubles.git_repository import GitRepository


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "repository")


@pytest.fixture
def folder(repository: GitRepository) -> KnowledgeFolder:
    (repository.root / "knowledge").mkdir()
    return KnowledgeFolder(repository.root / "knowledge")


def contents(folder: KnowledgeFolder, files: list[GitFile]) -> dict[str, bytes]:
    data = dict(folder.read([one.blob_sha for one in files]))
    return {one.path: data[one.blob_sha] for one in files}
