"""The only place that opens shards, and the life of one on disk. The folder's lock is held first."""

import shutil
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

import qdrant_edge

from kb.embedded.qdrant_owner.refusals import engine_errors
from kb.embedded.qdrant_owner.schemas import CreateCollection

PIECE = 1024 * 1024
NOTHING = bytes(PIECE)


class Shard:
    """An open shard and the number of those who are just using it."""

    def __init__(self, engine: qdrant_edge.EdgeShard, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self._users = 0
        self._change = threading.Condition()

    @property
    def name(self) -> str:
        return self.folder.name

    def enter(self) -> None:
        with self._change:
            self._users += 1

    def leave(self) -> None:
        with self._change:
            self._users -= 1
            self._change.notify_all()

    def count(self) -> int:
        return self.engine.count(qdrant_edge.CountRequest(exact=True))

    def close(self, *, discard: bool) -> None:
        """Close it when its last user has gone, and delete it if so wanted."""
        with self._change:
            self._change.wait_for(lambda: not self._users)
        if not discard:
            self.engine.flush()
        self.engine.close()
        if discard:
            shutil.rmtree(self.folder)


@dataclass(frozen=True)
class Shards:
    """Makes, copies and opens shards in one folder."""

    folder: Path

    def create(self, schema: CreateCollection) -> Shard:
        place = self._new_place()
        place.mkdir(parents=True)
        try:
            with engine_errors():
                engine = qdrant_edge.EdgeShard.create(str(place), schema.to_engine())
        except BaseException:
            shutil.rmtree(place)
            raise
        return Shard(engine, place)

    def load(self, name: str, schema: CreateCollection) -> Shard:
        place = self.folder / name
        return Shard(qdrant_edge.EdgeShard.load(str(place), schema.to_engine()), place)

    def copy(self, shard: Shard) -> Path:
        """Copy a flushed shard that nobody writes to meanwhile."""
        place = self._new_place()
        try:
            shutil.copytree(shard.folder, place, copy_function=_copy_without_holes)
        except BaseException:
            self.remove(place)
            raise
        return place

    def remove(self, place: Path) -> None:
        """Remove a shard that is not open."""
        if place.exists():
            shutil.rmtree(place)

    def remove_all_but(self, names: set[str]) -> None:
        """Remove what a crash left behind: shards that no collection has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for place in self.folder.iterdir():
            if place.name not in names:
                shutil.rmtree(place)

    def _new_place(self) -> Path:
        return self.folder / uuid.uuid4().hex


def _copy_without_holes(source: str, target: str) -> str:
    """Copy a file and leave out its zeros: the engine sets aside far more than it uses."""
    with Path(source).open("rb") as reading, Path(target).open("wb") as writing:
        while piece := reading.read(PIECE):
            if piece == NOTHING:
                writing.seek(PIECE, 1)
            else:
                writing.write(piece)
        writing.truncate(reading.tell())
    return target
