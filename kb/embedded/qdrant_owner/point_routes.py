"""What is asked about points, and how it is answered."""

from collections.abc import Callable, Sequence
from typing import Any

import qdrant_edge

from kb.embedded.qdrant_owner import queries, updates
from kb.embedded.qdrant_owner.filters import filter_to_engine
from kb.embedded.qdrant_owner.forms import parse
from kb.embedded.qdrant_owner.refusals import engine_errors
from kb.embedded.qdrant_owner.registry import Registry
from kb.embedded.qdrant_owner.selection import payload_to_engine, record, scored

Route = Callable[[Registry, str, bytes], Any]


def updating(form: type[updates.Update]) -> Route:
    """Make the route of one kind of update."""

    def update(registry: Registry, name: str, body: bytes) -> Any:
        return _written(registry, name, [parse(form, body)])[0]

    return update


def update_batch(registry: Registry, name: str, body: bytes) -> Any:
    """Apply several updates in order; the ones before a failing one stay."""
    steps = [step.chosen() for step in parse(updates.Batch, body).operations]
    return _written(registry, name, steps)


def retrieve(registry: Registry, name: str, body: bytes) -> Any:
    """Get points by their ids."""
    wanted = parse(queries.Retrieve, body)
    payload = payload_to_engine(wanted.with_payload, otherwise=False)
    with registry.using(name) as opened, engine_errors():
        found = opened.engine.retrieve(list(wanted.ids), payload, wanted.with_vector or False)
    return [record(point) for point in found]


def scroll(registry: Registry, name: str, body: bytes) -> Any:
    """Page through points by id."""
    wanted = parse(queries.Scroll, body)
    with registry.using(name) as opened, engine_errors():
        points, following = opened.engine.scroll(wanted.to_engine())
    offset = following if following is None or isinstance(following, int) else str(following)
    return {"points": [record(point) for point in points], "next_page_offset": offset}


def query(registry: Registry, name: str, body: bytes) -> Any:
    """Answer one query."""
    return _answers(registry, name, [parse(queries.QueryPoints, body)])[0]


def query_batch(registry: Registry, name: str, body: bytes) -> Any:
    """Answer several queries on one and the same collection."""
    return _answers(registry, name, parse(queries.QueryBatch, body).searches)


def count(registry: Registry, name: str, body: bytes) -> Any:
    """Count points, exactly."""
    wanted = parse(queries.Count, body)
    with registry.using(name) as opened, engine_errors():
        request = qdrant_edge.CountRequest(exact=True, filter=filter_to_engine(wanted.filter))
        return {"count": opened.engine.count(request)}


def facet(registry: Registry, name: str, body: bytes) -> Any:
    """Count points per value of a field."""
    wanted = parse(queries.Facet, body)
    with registry.using(name) as opened, engine_errors():
        hits = opened.engine.facet(wanted.to_engine()).hits
    return {"hits": [{"value": hit.value, "count": hit.count} for hit in hits]}


def completed(numbers: list[int]) -> list[dict[str, Any]]:
    """Say that operations are done; there is no `wait=false` here."""
    return [{"operation_id": number, "status": "completed"} for number in numbers]


def _written(
    registry: Registry, name: str, wanted: Sequence[updates.Update]
) -> list[dict[str, Any]]:
    points = sum(len(one.points) for one in wanted if isinstance(one, updates.Upsert))
    with registry.using(name) as opened:
        with engine_errors():  # every operation is read before the first is applied
            operations = [one.to_engine(opened.collection.names) for one in wanted]
        return completed(opened.collection.write(operations, points))


def _answers(
    registry: Registry, name: str, wanted: Sequence[queries.QueryPoints]
) -> list[dict[str, Any]]:
    with registry.using(name) as opened, engine_errors():
        found = [opened.engine.query(one.to_engine()) for one in wanted]
    return [{"points": [scored(point) for point in points]} for points in found]
