"""Folders that go or get another name, and what the writer makes of it."""

import dagster as dg

from dagster_kb.definitions import build_definitions
from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.upkeep.retirement import RETIRE, Departures, Leaving, Retirement
from kb_contract.identifiers import COLOURS, collection_name
from tests.doubles.writer_world import QUIET, WriterWorld


def leaving(world: WriterWorld, *, grace_hours: int = 24, many: bool = False) -> Leaving:
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    present = set(world.instance.get_dynamic_partitions("agents"))
    return Departures(world.ledger, folder, grace_hours).leaving(folder.head(), present, many=many)


def retire(world: WriterWorld, agent: str | None = None, *, grace_hours: int = 24) -> None:
    settings = world.settings.model_copy(update={"retire_grace_hours": grace_hours})
    definitions = build_definitions(
        settings, embedder=world.embedder, store=world.store, ledger=world.ledger
    )
    config = {"retire_folder": Retirement(agent=agent or world.agent)}
    assert (
        definitions.resolve_job_def(RETIRE)
        .execute_in_process(instance=world.instance, run_config=dg.RunConfig(config, loggers=QUIET))
        .success
    )


def there(world: WriterWorld, agent: str | None = None) -> int:
    names = [collection_name("default", agent or world.agent, one) for one in COLOURS]
    return len([one for one in names if world.store.dimension(one) is not None])


def is_aliased(world: WriterWorld, agent: str) -> bool:
    return bool(set(aliases_of("default", agent)) & world.store.aliases().keys())


def let_grace_pass(world: WriterWorld) -> None:
    with world.ledger.database.transaction() as connection:
        connection.execute("update kb.retirements set ended_at = ended_at - interval '2 days'")


def rename(world: WriterWorld, *, edited: bool = False) -> str:
    """Give the folder another name; what is served is built anew under it, the old one ended."""
    new = f"{world.agent}_new"
    world.repository.rename(f"knowledge/{world.agent}", f"knowledge/{new}")
    if edited:
        world.write({"third.md": "# Third\n\nOther words.\n"}, agent=new)
    world.repository.commit()
    return new


def collection_of(world: WriterWorld, agent: str) -> str | None:
    live = world.ledger.generations.live(agent)
    return live.collection if live else None


def aliases_point_to(world: WriterWorld, *agents: str) -> set[str | None]:
    now = world.store.aliases()
    return {now.get(name) for agent in agents for name in aliases_of("default", agent)}


def texts(world: WriterWorld, agent: str) -> set[str] | None:
    """All that is behind an agent's alias; None when it has none."""
    alias = aliases_of("default", agent)[0]
    if alias not in world.store.aliases():
        return None
    return {one.payload["text_chunk"] for one in world.store.points(alias, payloads=True)}


def served_under_another_name(world: WriterWorld) -> str:
    """Rename the agent's folder and bring it all the way: the old name has ended."""
    new = rename(world)
    leaving(world)
    assert world.ingest(new).success
    assert leaving(world).now == (world.agent,)
    retire(world)
    return new
