"""A thread that reads all of an alias in one request, again and again, and remembers what it saw."""

import hashlib
import threading
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException

from tests.doubles.qdrant_servers import QdrantServer

MORE_THAN_THERE_ARE = 100_000
PAUSE = 0.005


def print_of(payloads: Mapping[str, Mapping[str, Any]]) -> str:
    """The same for the same ids with the same payloads, and for nothing else."""
    return hashlib.sha256(orjson.dumps(payloads, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Outages:
    """When the server was away: who asks then, or waits for an answer then, may be told so."""

    def __init__(self, server: QdrantServer) -> None:
        self.server = server
        self.begun = self.ended = 0

    def have_one(self) -> None:
        """Kill it, and start it again at once."""
        self.begun += 1
        self.server.kill()
        self.server.start()
        self.ended += 1


class AliasWatch:
    def __init__(self, server: QdrantServer, outages: Outages, alias: str) -> None:
        self.server, self.outages, self.alias = server, outages, alias
        self.seen: Counter[str] = Counter()
        self.errors: list[str] = []
        self.away = 0
        self._over = threading.Event()
        self._asking = threading.Lock()

    @contextmanager
    def watching(self) -> Generator[None]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(60)

    def take_seen(self) -> Counter[str]:
        """What was seen since the last time, with the answer that is on its way."""
        with self._asking:
            seen, self.seen = self.seen, Counter()
        return seen

    def _watch(self) -> None:
        with self.server.client() as client:
            while not self._over.wait(PAUSE):
                with self._asking:
                    self._ask(client)

    def _ask(self, client: QdrantClient) -> None:
        back_before = self.outages.ended
        try:
            points, _ = client.scroll(self.alias, limit=MORE_THAN_THERE_ARE, with_payload=True)
        except ResponseHandlingException as error:
            if self.outages.begun > back_before:
                self.away += 1
            else:
                self.errors.append(f"it was not away: {error!r}")
        except Exception as error:  # noqa: BLE001 - whatever it is, no reader may see it
            self.errors.append(repr(error))
        else:
            self.seen[print_of({str(one.id): one.payload or {} for one in points})] += 1
