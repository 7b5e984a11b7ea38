"""What a writer holds in memory does not grow with what it reads, but for names and digests.

`MEMORY_DOCUMENTS=2000` makes the test of `make full` long.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles.dying_writer import Place
from tests.doubles.git_repository import GitRepository
from tests.doubles.measured_writer import Taken, measured, pages

# More than any batch holds (128 documents, 256 passages), so that the fewer fill each of them too.
FEW = 130
DOCUMENTS = int(os.environ.get("MEMORY_DOCUMENTS", "200"))
LETTERS, TOKENS = 30_000, 500


def taken(folder: Path, database_url: str, qdrant_url: str, agent: str, documents: int) -> Taken:
    repository = GitRepository(folder / agent)
    repository.write(
        {f"knowledge/{agent}/{name}": text for name, text in pages(documents, LETTERS)}
    )
    repository.commit()
    return measured(Place(repository.root, database_url, qdrant_url, agent), TOKENS)


# What may be more: names and digests of the passages, and what an allocator does not give back.
@pytest.mark.timeout(600 + DOCUMENTS)
@pytest.mark.parametrize(
    ("documents", "times", "alike"),
    [(FEW, 2.5, 1.18), pytest.param(DOCUMENTS, 4, 1.3, marks=pytest.mark.full)],
)
def test_many_times_the_documents_take_no_more_memory(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str,
    record_property: Callable[[str, object], None], documents: int, times: float, alike: float,
):  # fmt: skip
    few = taken(tmp_path, database_url, qdrant_url, f"{agent_id}_few", documents)
    many = taken(tmp_path, database_url, qdrant_url, f"{agent_id}_many", int(times * documents))
    record_property("megabytes", f"{few} {many}")
    assert many.chunks > (times - 1) * few.chunks
    assert many.writer <= alike * few.writer, (few, many)
    assert many.reader <= alike * few.reader, (few, many)
