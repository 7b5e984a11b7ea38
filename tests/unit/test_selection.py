from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from qdrant_client import models

from graph.agents.rag import Rag
from graph.ports import AgentTask
from graph.retrieval.rights import Rights
from graph.selection import EVERYTHING, Selection, selection_named
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder

NOW = datetime(2026, 6, 15, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("What do documents tagged 'access review' say of leavers?", {"tags": ["access review"]}),
        ("Summarise the pages with the tags security, #hr or legal", {"tags": ["security", "hr", "legal"]}),
        ("How long are backups kept in version 2.1?", {"versions": ["2.1"]}),
        ("What changed for refunds under the edition v2026-03?", {"versions": ["2026-03"]}),
        ("Which rules in force since 2026-03-01 concern leave?", {"since": MARCH}),
        ("Which rules effective before 2026-03-01 concern leave?", {"until": MARCH}),
        ("Which rules effective since 2026-02-31 concern leave?", {}),
        ("How are keys rotated?", {}),
        ("Do I have to tag a release, and which version of git is needed?", {}),
        ("Who tagged along?", {"tags": ["along"]}),
    ],
)  # fmt: skip
def test_what_a_question_names_outright_is_read(question: str, named: dict[str, object]) -> None:
    assert selection_named(question) == Selection.model_validate(named)


@pytest.mark.parametrize(
    "said",
    [{"since": "yesterday"}, {"since": "2026-03-02", "until": "2026-03-01"}, {"tags": [""]},
     {"tags": ["x"] * 21}, {"colour": "red"}],
)  # fmt: skip
def test_what_selects_nothing_sensible_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Selection.model_validate(said)


def test_a_day_is_its_beginning_in_utc() -> None:
    assert Selection.model_validate({"since": "2026-03-01"}).since == MARCH


def test_every_selection_is_another_condition_and_rights_stay() -> None:
    rights = Rights(("everyone",), NOW)
    whole = rights.looking_at(Selection(tags=("a",), versions=("1",), since=MARCH))
    both = whole.looking_at(Selection(tags=("b",), status=("draft",), audience=("hr",)))
    assert rights.looking_at(EVERYTHING) == rights
    plain, narrow = rights.permitted("x"), both.permitted("x")
    assert isinstance(plain.must, list)
    assert isinstance(narrow.must, list)
    assert narrow.must[: len(plain.must)] == plain.must
    assert narrow.must_not == plain.must_not
    added = narrow.must[len(plain.must) :]
    assert [one.key for one in added if isinstance(one, models.FieldCondition)] == [
        "metadata.tags", "metadata.version", "metadata.effective",
        "metadata.tags", "metadata.status", "metadata.audience",
    ]  # fmt: skip


async def test_documents_that_a_question_names_come_first_and_words_that_only_sound_so_hide_none() -> (
    None
):
    knowledge = InMemoryKnowledge()
    knowledge.add_document("a", "old.md", "# Keys\n\nKeys rotate yearly, tagged or legal.\n")
    knowledge.add_document("a", "new.md", "# Keys\n\nKeys rotate monthly, tagged and legal.\n")
    knowledge.tags["new.md"] = {"legal"}

    async def found(question: str) -> set[str]:
        task = AgentTask(
            "s1", knowledge.capabilities["a"], "knowledge", question, {}, {}, "standard"
        )
        result = await Rag(knowledge, WordEmbedder())(task)
        return {one["path"] for one in result["passages"]}

    assert await found("How do keys rotate, tagged legal?") == {"new.md"}
    assert await found("How do keys rotate, tagged along?") == {"old.md", "new.md"}
