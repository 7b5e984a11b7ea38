"""Whether quotes stand in git at their commit, character by character; each file is read once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dagster_kb.resources.git_objects import GitObjects, repository_root
from dagster_kb.resources.remote_repository import RemoteRepository, mirrors_in
from kb.settings import StackSettings
from kb_contract.errors import BadInput
from kb_contract.named_queries import named_queries


@dataclass(frozen=True)
class QuotesInGit:
    """Reads files at commits; of a PDF or the like, what readers drew out of those very bytes."""

    objects: GitObjects
    database_url: str
    _texts: dict[tuple[str, str], list[str]] = field(
        default_factory=dict[tuple[str, str], list[str]], init=False, repr=False
    )

    @classmethod
    def of(cls, settings: StackSettings, database_url: str) -> "QuotesInGit":
        """Read where the writer reads."""
        if settings.knowledge_repository:
            remote = RemoteRepository(settings.knowledge_repository, "", mirrors_in(settings.home))
            return cls(remote.objects, database_url)
        folder = settings.knowledge_dir.expanduser().resolve()
        return cls(GitObjects(repository_root(folder)), database_url)

    def stands(self, citation: Mapping[str, Any]) -> bool:
        place = (str(citation["sha"]), str(citation["path"]))
        if place not in self._texts:
            self._texts[place] = self._read(*place)
        start, end, quote = citation["start"], citation["end"], citation["quote"]
        return any(text[start:end] == quote for text in self._texts[place])

    def _read(self, sha: str, path: str) -> list[str]:
        """Return what the file says: itself where it is text, and what was drawn out of it."""
        try:
            blob = (
                self.objects.run("rev-parse", "--verify", f"{sha}:{path}").decode("ascii").strip()
            )
            own = self.objects.run("cat-file", "blob", blob).decode("utf-8", errors="replace")
        except BadInput:
            return []  # git has no such file at that commit, so nothing stands in it
        with psycopg.connect(self.database_url, connect_timeout=5) as connection:
            statement = named_queries("citations")["drawn_out_texts"].encode()
            return [own, *(row[0] for row in connection.execute(statement, {"blob": blob}))]
