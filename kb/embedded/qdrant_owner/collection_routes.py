"""What is asked about collections and aliases, and how it is answered."""

from typing import Any

import qdrant_edge

from kb.embedded.qdrant_owner.aliases import ChangeAliases
from kb.embedded.qdrant_owner.collection import Collection
from kb.embedded.qdrant_owner.forms import parse
from kb.embedded.qdrant_owner.payload_indexes import CreateIndex, kind_name
from kb.embedded.qdrant_owner.point_routes import completed
from kb.embedded.qdrant_owner.refusals import engine_errors
from kb.embedded.qdrant_owner.registry import Registry
from kb.embedded.qdrant_owner.schemas import CreateCollection, UpdateCollection


def list_collections(registry: Registry, _name: str, _body: bytes) -> Any:
    """List the names of all collections."""
    names = registry.names
    return {"collections": [{"name": name} for name in [*names.collections, *names.broken]]}


def collection_exists(registry: Registry, name: str, _body: bytes) -> Any:
    """Say whether a collection or an alias has this name."""
    names = registry.names
    target = names.aliases.get(name, name)
    return {"exists": target in names.collections or target in names.broken}


def create_collection(registry: Registry, name: str, body: bytes) -> Any:
    """Make a collection."""
    return registry.create(name, parse(CreateCollection, body))


def update_collection(registry: Registry, name: str, body: bytes) -> Any:
    """Change a collection's metadata."""
    return registry.update(name, parse(UpdateCollection, body))


def delete_collection(registry: Registry, name: str, _body: bytes) -> Any:
    """Drop a collection and its aliases; an alias is not a collection."""
    return registry.drop(name)


def collection_info(registry: Registry, name: str, _body: bytes) -> Any:
    """Tell what a collection is and how it is."""
    with registry.using(name) as opened:
        info = opened.engine.info()
        return {
            **_health(opened.collection),
            "segments_count": info.segments_count,
            # The engine's own figure counts a point twice while two segments hold it.
            "points_count": opened.engine.count(qdrant_edge.CountRequest(exact=True)),
            "indexed_vectors_count": info.indexed_vectors_count,
            "config": opened.collection.schema.told(),
            "payload_schema": {
                field: {"data_type": kind_name(index.data_type), "points": index.points}
                for field, index in info.payload_schema.items()
            },
        }


def create_index(registry: Registry, name: str, body: bytes) -> Any:
    """Index a payload field."""
    wanted = parse(CreateIndex, body)
    with registry.using(name) as opened:
        with engine_errors():
            operation = wanted.to_engine()
        return completed(opened.collection.write([operation]))[0]


def list_aliases(registry: Registry, _name: str, _body: bytes) -> Any:
    """List all aliases."""
    return {"aliases": _told(dict(registry.names.aliases))}


def aliases_of_collection(registry: Registry, name: str, _body: bytes) -> Any:
    """List the aliases of one collection."""
    aliases = registry.names.aliases
    return {"aliases": _told({alias: to for alias, to in aliases.items() if to == name})}


def change_aliases(registry: Registry, _name: str, body: bytes) -> Any:
    """Apply all actions or none."""
    return registry.change_aliases(parse(ChangeAliases, body))


def _told(aliases: dict[str, str]) -> list[dict[str, str]]:
    return [{"alias_name": alias, "collection_name": to} for alias, to in aliases.items()]


def _health(collection: Collection) -> dict[str, Any]:
    if collection.trouble:
        return {"status": "red", "optimizer_status": {"error": collection.trouble}}
    return {"status": "yellow" if collection.indexing else "green", "optimizer_status": "ok"}
