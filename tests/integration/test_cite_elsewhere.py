"""`kb cite verify` reads where the writer reads: a local repository, or the mirror of one elsewhere."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.remote_repository import RemoteRepository, mirrors_in
from kb.commands.cite import DrawnOut, _checked, _repository
from kb.doctor.machine import _knowledge
from kb.settings import StackSettings
from tests.doubles.git_repository import GitRepository


@pytest.fixture
def work(tmp_path: Path) -> GitRepository:
    work = GitRepository(tmp_path / "work")
    work.write({"knowledge/a/x.md": "The key is changed each Friday.\n"})
    work.commit()
    return work


def citation(sha: str, quote: str = "each Friday") -> dict:
    return {"sha": sha, "path": "knowledge/a/x.md", "start": 19, "end": 30, "quote": quote}


def test_quotes_are_found_after_a_force_push_though_the_remote_is_gone(
    work: GitRepository, tmp_path: Path, database_url: str
):
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(work.root), str(bare)], check=True)
    settings = StackSettings(kb_home=tmp_path / "home", knowledge_repository=f"file://{bare}",
                             _env_file=None)  # fmt: skip
    old = KnowledgeFolder.of_remote(
        RemoteRepository(f"file://{bare}", "", mirrors_in(settings.home)), "knowledge"
    ).head()
    assert [one.level for one in _knowledge(settings)] == ["ok"]
    bare.rename(tmp_path / "away.git")
    assert (
        _checked(_repository(settings), DrawnOut(database_url), citation(old.sha))["found"] is True
    )
    assert (
        _checked(_repository(settings), DrawnOut(database_url), citation(old.sha, "each Monday"))[
            "found"
        ]
        is False
    )
    lost = _checked(_repository(settings), DrawnOut(database_url), citation("0" * 40))
    assert (lost["found"], "git show failed" in lost["reason"]) == (False, True)
    assert "cannot be read" in _knowledge(settings)[0].says


def test_quotes_of_a_local_folder_are_found(work: GitRepository, tmp_path: Path, database_url: str):
    settings = StackSettings(kb_home=tmp_path / "home", knowledge_dir=work.root / "knowledge",
                             _env_file=None)  # fmt: skip
    assert (
        _checked(_repository(settings), DrawnOut(database_url), citation(work.head()))["found"]
        is True
    )


def test_a_quote_of_a_pdf_stands_in_what_was_drawn_out_of_those_bytes(
    work: GitRepository, tmp_path: Path, database_url: str
):
    work.write({"knowledge/a/x.md": b"%PDF-1.7 no text here"})
    sha = work.commit()
    settings = StackSettings(kb_home=tmp_path / "home", knowledge_dir=work.root / "knowledge",
                             _env_file=None)  # fmt: skip
    repository, drawn = _repository(settings), DrawnOut(database_url)
    assert _checked(repository, drawn, citation(sha))["found"] is False
    blob = repository.run("rev-parse", f"{sha}:knowledge/a/x.md").decode().strip()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into kb.documents (document_id, workspace_id, file_sha256, blob_sha, reader,"
            " source_name, mime, size_bytes, extracted_text)"
            " values (gen_random_uuid(), 'default', 's', %s, 'r', 'x.pdf', 'application/pdf', 1,"
            " 'The key is changed each Friday.')",
            (blob,),
        )
    assert _checked(repository, drawn, citation(sha))["found"] is True
