"""entities, entity_links: what documents name, and which names are one thing; beside the way live."""

from dataclasses import asdict
from typing import Any, Final

import dagster as dg

from dagster_kb.assets.story import RETRY, Story, clear_failures, facts
from dagster_kb.entities.extraction import EXTRACTOR
from dagster_kb.entities.reading_out import named_in, same_in
from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.partitions import OWNERS, agents
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_entities import Made, Rows

GROUP: Final = "entities"
LINK: Final = "link_entities"
STORE: Final = {"scriptorium/store": "postgres"}
_WAYS: Final[dict[Made, Rows]] = {
    "entities": lambda text, read: (asdict(one) for one in named_in(text, read)),
    "entity_links": lambda text, read: (
        {"name": short, "same_as": long} for short, long in same_in(text, read)
    ),
}


_RED: Final = (
    "\n\n**When it is red:** the ledger did not answer; run the job `link_entities` for the agent "
    "again. What is served does not depend on it."
)


def _table(table: str, **described: str) -> dict[str, Any]:
    columns = [dg.TableColumn(name, "text", description=said) for name, said in described.items()]
    return {"dagster/column_schema": dg.TableSchema(columns), "dagster/table_name": table}


@dg.asset(
    deps=["live_alias"], partitions_def=agents, kinds={"python", "postgres"}, retry_policy=RETRY,
    group_name=GROUP, owners=OWNERS, code_version=EXTRACTOR,
    tags=STORE, metadata=_table("kb.entities", name="what is named", kind="name, code, acronym or term"),
    description="What live documents name: names, codes, acronyms and terms, found by patterns and in extractions. Only "
    "documents that were never looked through are. Nothing that is served waits for it." + _RED,
)  # fmt: skip
def entities(
    context: dg.AssetExecutionContext, ledger: dg.ResourceParam[Ledger],
    extraction: dg.ResourceParam[ExtractionDesk], story: dg.ResourceParam[Story],
) -> dg.MaterializeResult[Any]:  # fmt: skip
    """Look through what is new."""
    return _looked_through(context, ledger, extraction, story, "entities")


@dg.asset(
    deps=["entities"], partitions_def=agents, kinds={"python", "postgres"}, retry_policy=RETRY,
    group_name=GROUP, owners=OWNERS, code_version=EXTRACTOR,
    tags=STORE, metadata=_table("kb.entity_links", name="an acronym", same_as="what it stands for"),
    description="Names that are one thing, as documents say it: acronyms and what they stand for."
    + _RED,
)  # fmt: skip
def entity_links(
    context: dg.AssetExecutionContext, ledger: dg.ResourceParam[Ledger],
    extraction: dg.ResourceParam[ExtractionDesk], story: dg.ResourceParam[Story],
) -> dg.MaterializeResult[Any]:  # fmt: skip
    """Look through what is new."""
    return _looked_through(context, ledger, extraction, story, "entity_links")


def _looked_through(
    context: dg.AssetExecutionContext,
    ledger: Ledger,
    extraction: ExtractionDesk,
    story: Story,
    made: Made,
) -> dg.MaterializeResult[Any]:
    with clear_failures():
        live = ledger.generations.live(context.partition_key)
        rows, waiting = 0, []
        if live:
            by = extraction.names_by(live.manifest)
            waiting = ledger.entities.waiting(live, made, by.whole)
            rows = sum(ledger.entities.look_through(one, made, _WAYS[made], by) for one in waiting)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(f"{EXTRACTOR}@{live.manifest_digest}" if live else "nothing"),
        metadata={
            "documents_looked_through": len(waiting),
            "dagster/row_count": rows,
            **(facts(live, story.links) if live else {}),
        },
    )


link_entities: Final = dg.define_asset_job(
    LINK, dg.AssetSelection.groups(GROUP), description="Find what an agent's live documents name."
)
