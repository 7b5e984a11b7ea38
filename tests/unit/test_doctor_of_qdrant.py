import pytest

from kb.doctor.servers import of_qdrant


@pytest.mark.parametrize(("collections", "level"), [(0, "ok"), (200, "ok"), (201, "warning")])
def test_more_collections_than_it_holds_well_are_a_warning(collections: int, level: str) -> None:
    found = of_qdrant("1.19.2", collections, external=True)
    assert (found.level, f"{collections} collections" in found.says) == (level, True)


def test_what_many_cost_is_said_with_what_to_do() -> None:
    found = of_qdrant("1.19.2", 400, external=False)
    assert "about 4.0 GB" in found.says
    assert "docs/scaling.md" in found.cure


def test_known_faults_are_said_of_a_server_that_others_keep() -> None:
    assert "known faults" in of_qdrant("1.16.3", 3, external=True).says
    assert of_qdrant("1.16.3", 3, external=False).level == "ok"
    both = of_qdrant("1.16.3", 400, external=True)
    assert ("known faults" in both.says, "400 collections" in both.says) == (True, True)
