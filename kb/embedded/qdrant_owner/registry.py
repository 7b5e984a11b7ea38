"""Collections and aliases by name. A name is looked up in one immutable picture of them all."""

import logging
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus

import qdrant_edge

from kb.embedded.qdrant_owner.aliases import ChangeAliases
from kb.embedded.qdrant_owner.collection import Collection, Upkeep
from kb.embedded.qdrant_owner.metadata_file import CollectionEntry, Metadata, MetadataFile
from kb.embedded.qdrant_owner.refusals import Refused, bad_request, name_taken, no_collection
from kb.embedded.qdrant_owner.schemas import CreateCollection, UpdateCollection

log = logging.getLogger(__name__)
LONGEST_NAME = 255
FORBIDDEN_IN_NAMES = frozenset('<>:"/\\|?*\0\x1f')


@dataclass(frozen=True)
class Names:
    """What every name means at one moment; a reader never sees half of a change."""

    collections: Mapping[str, Collection]
    aliases: Mapping[str, str]
    broken: Mapping[str, str]
    """Collections whose shard could not be opened, with the reason."""

    def collection(self, name: str) -> Collection:
        target = self.aliases.get(name, name)
        if target in self.broken:
            raise Refused(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                f"Collection `{target}` could not be opened: {self.broken[target]}; "
                "delete it and ingest again",
            )
        if target not in self.collections:
            raise no_collection(name)
        return self.collections[target]


@dataclass(frozen=True)
class InUse:
    """A collection, and its engine that stays open while it is used."""

    collection: Collection
    engine: qdrant_edge.EdgeShard


class Registry:
    """All collections of one folder. Changes run one after another and are on disk when done."""

    def __init__(self, file: MetadataFile, upkeep: Upkeep) -> None:
        self._file = file
        self._upkeep = upkeep
        self._changing = threading.Lock()
        self._closed = False
        self._metadata = file.read()
        entries = self._metadata.collections
        upkeep.shards.remove_all_but({entry.shard for entry in entries.values()})
        opened: dict[str, Collection] = {}
        broken: dict[str, str] = {}
        for name, entry in entries.items():
            try:
                shard = upkeep.shards.load(entry.shard, entry.created_as)
                opened[name] = Collection(shard, entry.created_as, upkeep, self._move)
            except Exception as error:  # one broken shard must not take the others along
                log.exception("collection %s could not be opened", name)
                broken[name] = str(error)
        self._names = Names(opened, self._metadata.aliases, broken)

    @property
    def names(self) -> Names:
        return self._names

    @contextmanager
    def using(self, name: str) -> Generator[InUse]:
        """Find a collection by its name or an alias and keep it open meanwhile."""
        while not self._closed:
            collection = self._names.collection(name)
            with collection.used() as engine:
                if engine:
                    yield InUse(collection, engine)
                    return
            # It was dropped between the two lines; by now the name means something else.
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "the embedded Qdrant is stopping")

    def create(self, name: str, schema: CreateCollection) -> bool:
        with self._changing:
            self._refuse_name(name)
            shard = self._upkeep.shards.create(schema)
            entry = CollectionEntry(shard=shard.name, created_as=schema)
            entries = self._metadata.collections | {name: entry}
            try:
                self._commit(entries, self._names.aliases)
            except OSError:
                shard.close(discard=True)
                raise
            made = Collection(shard, schema, self._upkeep, self._move)
            collections = {**self._names.collections, name: made}
            self._names = replace(self._names, collections=collections)
            return True

    def update(self, name: str, change: UpdateCollection) -> bool:
        """Change the metadata of a collection, found by its name or an alias."""
        with self._changing:
            collection = self._names.collection(name)
            target = self._names.aliases.get(name, name)
            entry = self._metadata.collections[target]
            schema = change.applied_to(entry.created_as)
            changed = CollectionEntry(shard=entry.shard, created_as=schema)
            self._commit(self._metadata.collections | {target: changed}, self._names.aliases)
            collection.schema = schema
            return True

    def drop(self, name: str) -> bool:
        """Forget a collection and its aliases; its folder goes when its last reader has gone."""
        with self._changing:
            names, entries = self._names, dict(self._metadata.collections)
            if entries.pop(name, None) is None:
                return False
            aliases = {alias: to for alias, to in names.aliases.items() if to != name}
            self._commit(entries, aliases)
            collections, broken = dict(names.collections), dict(names.broken)
            dropped = collections.pop(name, None)
            broken.pop(name, None)
            self._names = Names(collections, aliases, broken)
            if dropped:
                dropped.close(discard=True)
            return True

    def change_aliases(self, change: ChangeAliases) -> bool:
        with self._changing:
            entries = self._metadata.collections
            aliases = change.applied_to(self._names.aliases, entries.keys())
            self._commit(entries, aliases)
            self._names = replace(self._names, aliases=aliases)
            return True

    def close(self, within: float) -> bool:
        """Close every collection; False when one is not closed after that time."""
        with self._changing:
            self._closed = True
            collections = self._names.collections.values()
        for collection in collections:
            collection.close()
        closed = [collection.wait_closed(within) for collection in collections]
        return all(closed)

    def _move(self, old: str, new: str) -> bool:
        """Note that a collection lives in another shard now; False when it was dropped."""
        with self._changing:
            entries = dict(self._metadata.collections)
            for name, entry in entries.items():
                if entry.shard == old:
                    entries[name] = CollectionEntry(shard=new, created_as=entry.created_as)
                    self._commit(entries, self._names.aliases)
                    return True
            return False

    def _commit(self, entries: dict[str, CollectionEntry], aliases: Mapping[str, str]) -> None:
        metadata = Metadata(collections=entries, aliases=dict(aliases))
        self._file.write(metadata)
        self._metadata = metadata

    def _refuse_name(self, name: str) -> None:
        if not 0 < len(name) <= LONGEST_NAME or FORBIDDEN_IN_NAMES & set(name):
            raise bad_request(f"Wrong input: `{name[:LONGEST_NAME]}` cannot name a collection")
        if name in self._metadata.collections:
            raise name_taken(name)
        if name in self._names.aliases:
            raise bad_request(
                f"Wrong input: Can't create collection with name {name}. "
                "Alias with the same name already exists"
            )
