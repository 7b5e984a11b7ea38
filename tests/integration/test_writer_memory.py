"""What a writer holds in memory does not grow with what it reads, but for names and digests.

`MEMORY_DOCUMENTS=2000` makes it long.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles.dying_writer import Place
from tests.doubles.git_repository import GitRepository
from tests.doubles.measured_writer import Taken, measured, pages

# More than any batch holds, so that the fewer fill each of them too.
DOCUMENTS = int(os.environ.get("MEMORY_DOCUMENTS", "200"))
LETTERS, TOKENS = 30_000, 500
TIMES = 4
# Names and digests of 6,000 passages more, and what an allocator does not give back.
ALIKE = 1.3


def taken(folder: Path, database_url: str, qdrant_url: str, agent: str, documents: int) -> Taken:
    repository = GitRepository(folder / agent)
    repository.write(
        {f"knowledge/{agent}/{name}": text for name, text in pages(documents, LETTERS)}
    )
    repository.commit()
    return measured(Place(repository.root, database_url, qdrant_url, agent), TOKENS)


@pytest.mark.timeout(600 + DOCUMENTS)
def test_four_times_the_documents_take_no_more_memory(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str,
    record_property: Callable[[str, object], None],
):  # fmt: skip
    few = taken(tmp_path, database_url, qdrant_url, f"{agent_id}_few", DOCUMENTS)
    many = taken(tmp_path, database_url, qdrant_url, f"{agent_id}_many", TIMES * DOCUMENTS)
    record_property("megabytes", f"{few} {many}")
    assert many.chunks > (TIMES - 1) * few.chunks
    assert many.writer <= ALIKE * few.writer, (few, many)
    assert many.reader <= ALIKE * few.reader, (few, many)
