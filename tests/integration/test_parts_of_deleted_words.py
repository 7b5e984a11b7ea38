"""A chunk that was deleted by hand and edited since: what is left of it is kept out until a person says."""

import pytest

from dagster_kb.upkeep.hot_deletion import HotDeletion
from kb_contract.errors import BadInput
from tests.doubles.departing_agents import leaving, rename, retire, texts
from tests.doubles.writer_world import WriterWorld, why

KEYS = "# Keys\n\nWords of keys.\n"
SECRET = "Jane Roe lives in 5 Elm Street near the harbour."
PEOPLE = f"# People\n\nThe office opens at nine each day. {SECRET} Ring the bell twice.\n"
WITHOUT = PEOPLE.replace(f"{SECRET} ", "")


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": KEYS})
    return world


def delete(world: WriterWorld, words: str) -> None:
    point = next(one for one, said in world.served().items() if words in said["text_chunk"])
    HotDeletion(world.ledger, world.store).delete(point, reason="private", by="operator")
    world.ledger.incidents.resume(world.agent, "operator")


def kinds(world: WriterWorld, agent: str | None = None) -> list[str]:
    return [one["kind"] for one in world.ledger.incidents.listed(agent or world.agent)]


def draft(text: str) -> str:
    return f"---\nstatus: draft\n---\n{text}"


LIST = "# People\n\n- Ann works on Mondays in the shop\n- Jane Roe lives in 5 Elm Street\n"
TABLE = "# People\n\n| who | where |\n|---|---|\n| Ann | shop |\n| Jane Roe | 5 Elm Street |\n"
CODE = "# Code\n\n```sh\nexport A=1\n# Jane Roe has elmstreet5\nexport TOKEN=elmstreet5\n```\n"
DOOR = "# 手册\n\n大楼的门禁密码是四七一一八八。请向李明询问。\n"
NOTES = "# Code\n\n```ini\n# Ann looks after it\n# root has hunter2\n```\n"


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        ("5 Elm", PEOPLE, PEOPLE.replace("nine", "ten")),
        ("5 Elm", LIST, f"{LIST}- Bob works on Fridays\n"),
        ("5 Elm", LIST, LIST.replace("Mondays", "Tuesdays")),
        ("5 Elm", TABLE, f"{TABLE}| Bob | bar |\n"),
        ("hunter2", "# Wifi\n\nKey: hunter2!x\n", "# Wifi\n\nKey: hunter2!x\n\nAsk Bob.\n"),
        ("hunter2", "# Wifi\n\nKey: hunter2!x\n", "# The wifi\n\nKey: hunter2!x\n"),
        ("elmstreet5", CODE, CODE.replace("A=1", "A=2")),
        ("四七一一", DOOR, DOOR.replace("李明", "王芳")),
        ("hunter2", NOTES, NOTES.replace("Ann", "Eve")),
    ],
    ids=[
        "sentence",
        "longer list",
        "other item",
        "row",
        "short",
        "heading",
        "code",
        "Chinese",
        "comments",
    ],
)
def test_an_edit_beside_them_does_not_bring_them_back(
    world: WriterWorld, words: str, before: str, after: str
):
    world.publish({"people.md": before})
    delete(world, words)
    world.publish({"people.md": after})
    assert world.served_texts() == {KEYS.strip()}
    assert len(world.ledger.tombstones.open(world.agent)) == 1
    assert kinds(world) == ["hotfix"]
    world.publish({"people.md": "# People\n\nNobody.\n"})
    assert world.served_texts() == {KEYS.strip(), "# People\n\nNobody."}
    assert kinds(world) == []


def test_what_is_left_is_served_once_a_person_says_that_it_may(world: WriterWorld):
    world.publish({"people.md": PEOPLE, "more.md": "# More\n\nMore words.\n"})
    delete(world, SECRET)
    world.publish({"people.md": f"{WITHOUT}\n# Else\n\nNew words beside.\n"})
    assert world.served_texts() == {KEYS.strip(), "# More\n\nMore words."}
    [told] = world.ledger.incidents.listed(world.agent)
    assert "--serve-the-rest" in told["next_step"]
    world.ledger.incidents.close(told["incident_id"], "operator", serve_the_rest=True)
    assert world.ingest(force=True).success
    assert any("Ring the bell twice." in one for one in world.served_texts())
    assert world.ledger.tombstones.open(world.agent) == []
    # All of it stays away whatever was said of the rest.
    assert world.publish({"people.md": f"{PEOPLE}\nMore of it.\n"})
    assert not any("Elm" in one for one in world.served_texts())
    assert kinds(world) == ["deleted_text_is_back"]


def test_to_close_it_is_refused_while_nobody_says_that_the_rest_may_be_read(world: WriterWorld):
    world.publish({"people.md": PEOPLE})
    delete(world, SECRET)
    [told] = world.ledger.incidents.listed(world.agent)
    with pytest.raises(BadInput, match=r"people\.md.*--serve-the-rest"):
        world.ledger.incidents.close(told["incident_id"], "operator")
    world.publish({"people.md": PEOPLE.replace("nine", "ten")})
    assert world.served_texts() == {KEYS.strip()}
    assert kinds(world) == ["hotfix"]


def test_who_says_it_before_the_run_needs_no_other(world: WriterWorld):
    world.publish({"people.md": PEOPLE})
    delete(world, SECRET)
    world.commit({"people.md": WITHOUT})
    [told] = world.ledger.incidents.listed(world.agent)
    world.ledger.incidents.close(told["incident_id"], "operator", serve_the_rest=True)
    assert world.ingest().success
    assert world.served_texts() == {KEYS.strip(), WITHOUT.strip()}
    assert world.ledger.tombstones.open(world.agent) == []


def test_other_files_and_other_chunks_of_the_file_are_served_on(world: WriterWorld):
    said = "All of this was agreed upon in May."
    far = "word " * 600
    world.publish(
        {
            "people.md": f"# People\n\n{SECRET} {said}\n\n# Long\n\n{far}\n\n# End\n\n{said}\n",
            "else.md": f"# Else\n\n{said}\n",
        }
    )
    delete(world, SECRET)
    left = world.served_texts()
    world.publish(
        {
            "people.md": f"# People\n\nNobody. {said}\n\n# Long\n\n{far}\n\n# End\n\n{said}\n",
            "else.md": f"# Else\n\n{said} And this too: Jane Roe went.\n",
        }
    )
    assert len(world.served_texts()) >= len(left)
    assert kinds(world) == []


@pytest.mark.parametrize(
    ("words", "before", "first", "then"),
    [
        (SECRET, PEOPLE, PEOPLE.replace("nine", "ten"), PEOPLE.replace("nine", "eleven")),
        (SECRET, PEOPLE, PEOPLE, PEOPLE.replace("nine", "ten")),
        ("hunter2", "# Wifi\n\nKey: hunter2!x\n", "# The wifi\n\nKey: hunter2!x\n",
         "# Our wifi\n\nKey: hunter2!x\n"),
    ],
    ids=["edited at once", "edited later", "short"],
)  # fmt: skip
def test_it_goes_along_with_a_file_that_gets_another_name(
    world: WriterWorld, words: str, before: str, first: str, then: str
):
    world.publish({"people.md": before})
    delete(world, words)
    world.repository.rename(world.path("people.md"), world.path("staff.md"))
    for text in (first, then):
        world.publish({"staff.md": text})
        assert world.served_texts() == {KEYS.strip()}
        [told] = world.ledger.incidents.listed(world.agent)
        assert f"take the words out of {world.path('staff.md')}" in told["next_step"]
    world.publish({"staff.md": "# Staff\n\nNobody.\n"})
    assert world.served_texts() == {KEYS.strip(), "# Staff\n\nNobody."}
    assert kinds(world) == []


def test_a_new_file_is_served_whatever_line_of_deleted_words_that_are_gone_it_has(
    world: WriterWorld,
):
    world.publish({"people.md": PEOPLE})
    delete(world, SECRET)
    world.repository.remove(world.path("people.md"))
    world.publish()
    assert kinds(world) == []
    world.publish({"bells.md": "# Bells\n\nRing the bell twice.\n"})
    assert len(world.served_texts()) == 2
    assert kinds(world) == []


def test_it_goes_along_with_a_folder_that_is_renamed_and_edited(world: WriterWorld):
    world.publish({"people.md": PEOPLE, "more.md": "# More\n\nMore words.\n"})
    delete(world, SECRET)
    new = rename(world)
    world.write({"people.md": PEOPLE.replace("nine", "ten")}, agent=new)
    world.repository.commit()
    leaving(world)
    assert world.ingest(new).success
    assert not any("Elm" in one for one in texts(world, new) or ())
    assert kinds(world, new) == ["hotfix"]


def test_a_folder_that_went_and_came_under_another_name_does_not_bring_them_back(
    world: WriterWorld,
):
    world.publish({"people.md": PEOPLE})
    delete(world, SECRET)
    other, new = f"{world.agent}_other", f"{world.agent}_new"
    world.write({"x.md": "# X\n\nWords of x.\n"}, agent=other)
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.commit()
    assert leaving(world).now == (world.agent,)
    retire(world)
    world.write({"people.md": f"{PEOPLE}\nA paragraph more.\n", "keys.md": KEYS}, agent=new)
    world.repository.commit()
    result = world.ingest(new)
    assert result.success, why(result)
    assert texts(world, new) == {KEYS.strip()}
    assert kinds(world, new) == ["deleted_text_is_back"]


def test_nor_does_one_that_was_withdrawn_and_renamed(world: WriterWorld):
    world.publish({"people.md": PEOPLE})
    delete(world, SECRET)
    world.commit({"people.md": draft(PEOPLE), "keys.md": draft(KEYS)})
    assert world.ingest().success
    assert world.ledger.generations.live(world.agent) is None
    new = f"{world.agent}_new"
    world.repository.rename(f"knowledge/{world.agent}", f"knowledge/{new}")
    world.write({"people.md": f"{PEOPLE}\nLater words here.\n", "keys.md": KEYS}, agent=new)
    world.repository.commit()
    assert world.ingest(new).success
    assert texts(world, new) == {KEYS.strip()}
    assert kinds(world, new) == ["deleted_text_is_back"]


def test_an_agent_of_which_all_was_deleted_is_built_on_and_says_so(world: WriterWorld):
    world.publish({"keys.md": PEOPLE})
    delete(world, SECRET)
    world.commit({"agent.yaml": "title: Another title\n"})
    result = world.ingest()
    assert result.success, why(result)
    assert world.served_texts() == set()
    world.publish({"keys.md": KEYS})
    assert world.served_texts() == {KEYS.strip()}
    assert kinds(world) == []


def test_what_would_serve_nothing_any_more_is_refused_with_the_reason(world: WriterWorld):
    world.publish({"people.md": PEOPLE})
    delete(world, SECRET)
    world.repository.remove(world.path("keys.md"))
    world.repository.commit()
    assert not world.ingest().success
    assert "deleted by hand" in (world.ledger.generations.latest(world.agent)[0].reason or "")
