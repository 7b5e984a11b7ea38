"""What documents say of themselves stands beside what they say: from front matter to a conflict's two sides."""

import pytest

from tests.doubles.composed_reader import composed_reader
from tests.doubles.writer_world import WriterWorld

QUESTION = "How often is the archive key changed?"
KEY = "The archive key is changed every {days} days.\n"
OLD = '---\ntitle: Handbook\nversion: "1.9"\neffective: 2020-01-01\nexpires: 2999-01-01\nowners: [ann, Bo Li]\n---\n'
NEW = '---\ntitle: Key policy\nversion: "1.10"\neffective: 2024-05-01\n---\n'
PAGES = {
    "agent.yaml": "owners: [security desk]\nretrieval: {limit: 6, threshold: 0.0}\ngate: {canary: 'off'}\n",
    "handbook.md": OLD + KEY.format(days=90),
    "policy.md": NEW + KEY.format(days=30),
}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish(PAGES)
    return world


async def test_sides_of_a_conflict_say_how_old_and_whose_they_are(world: WriterWorld) -> None:
    async with composed_reader(world) as reader:
        done = await reader.ask(QUESTION, agent=world.agent)
    [conflict] = done["conflicts"]
    by_title = {one["title"]: one for one in conflict["sides"]}
    old, new = by_title["Handbook"], by_title["Key policy"]
    assert ("90 days" in old["quote"], "30 days" in new["quote"]) == (True, True)
    assert (old["version"], new["version"]) == ("1.9", "1.10")
    assert (old["effective"][:10], new["effective"][:10]) == ("2020-01-01", "2024-05-01")
    assert (old["expires"][:10], new["expires"]) == ("2999-01-01", None)
    # Whom a document names comes before its agent's owners.
    assert (old["owners"], new["owners"]) == (["ann", "Bo Li"], ["security desk"])
    for said in (
        "(Handbook, version 1.9, effective 2020-01-01, owned by ann, Bo Li)",
        "(Key policy, version 1.10, effective 2024-05-01, owned by security desk)",
    ):
        assert said in done["answer"]


async def test_passages_bring_what_their_documents_say_of_themselves(world: WriterWorld) -> None:
    async with composed_reader(world) as reader:
        passages = await reader.outside.reader.search(world.agent, QUESTION)
    sources = {one["title"]: one.get("source") for one in passages}
    old, new = sources["Handbook"], sources["Key policy"]
    assert old is not None
    assert new is not None
    assert (old["version"], old["owners"]) == ("1.9", ["ann", "Bo Li"])
    assert (new["version"], new["owners"]) == ("1.10", ["security desk"])


APART = {
    "agent.yaml": "retrieval: {limit: 8, threshold: 0.0}\ngate: {canary: 'off'}\n",
    "security.md": (
        '---\ntitle: Security handbook\nversion: "3.0"\neffective: 2025-02-01\nowner: Mia\n---\n'
        "# Passwords\n\nPasswords expire after 90 days.\n"
    ),
    "first_day.md": (
        '---\ntitle: Onboarding guide\nversion: "1.2"\neffective: 2023-09-01\nowner: Ben\n---\n'
        "# Passwords\n\nPasswords expire after 60 days.\n"
    ),
    "nimbus.md": "---\ntitle: Nimbus\n---\n# Power\n\nThe battery lasts 10 hours.\n",
    "stratus.md": "---\ntitle: Stratus\n---\n# Power\n\nThe battery lasts 12 hours.\n",
}


@pytest.fixture
def apart(world: WriterWorld) -> WriterWorld:
    for name in ("handbook.md", "policy.md"):
        world.repository.remove(world.path(name))
    world.publish(APART)
    return world


async def test_documents_of_other_titles_stand_side_by_side_and_two_things_do_not(
    apart: WriterWorld,
) -> None:
    async with composed_reader(apart) as reader:
        passwords = await reader.ask("When do passwords expire?", agent=apart.agent)
        battery = await reader.ask("How long does the battery last?", agent=apart.agent)
    [conflict] = passwords["conflicts"]
    assert conflict["kind"] == "number"
    assert {
        (one["title"], one["value"], one["quote"], one["version"], one["effective"][:10], *one["owners"])
        for one in conflict["sides"]
    } == {
        ("Security handbook", "90 days", "Passwords expire after 90 days.", "3.0", "2025-02-01", "Mia"),
        ("Onboarding guide", "60 days", "Passwords expire after 60 days.", "1.2", "2023-09-01", "Ben"),
    }  # fmt: skip
    assert battery["conflicts"] == []
    assert {one["title"] for one in battery["citations"]} == {"Nimbus", "Stratus"}
