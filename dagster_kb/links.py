"""Where a fact can be looked at: addresses are made from templates that the settings give."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import dagster as dg

from kb_contract.generation import Generation


@dataclass(frozen=True)
class Links:
    """An empty template means that there is no such page: the bare fact is told instead."""

    commit_template: str = ""
    document_template: str = ""
    collection_template: str = ""
    api_url: str = ""

    def commit(self, generation: Generation) -> dg.MetadataValue[Any]:
        """The commit that a generation was made of; work that is not committed has no page."""
        if not self.commit_template or generation.uncommitted:
            return dg.MetadataValue.text(generation.git_sha)
        return dg.MetadataValue.url(_filled(self.commit_template, sha=generation.git_sha))

    def document(self, path: str, git_sha: str) -> str:
        """Markdown: the path, which leads to the file as that commit has it."""
        if not self.document_template:
            return path
        text = path.replace("[", "\\[").replace("]", "\\]")
        url = _filled(self.document_template, sha=git_sha, path=quote(path))
        return f"[{text}]({url.replace(')', '%29')})"

    def generations(self, agent: str) -> dict[str, dg.MetadataValue[Any]]:
        """Every generation of an agent, on the console's page."""
        if not self.api_url:
            return {}
        page = f"{self.api_url.rstrip('/')}/console/knowledge?agent={agent}"
        return {"generations": dg.MetadataValue.url(page)}

    def collection(self, qdrant_url: str, collection: str) -> dict[str, dg.MetadataValue[Any]]:
        """The collection in Qdrant's own dashboard."""
        if not self.collection_template or not collection:
            return {}
        page = _filled(
            self.collection_template, qdrant=qdrant_url.rstrip("/"), collection=collection
        )
        return {"page": dg.MetadataValue.url(page)}


def _filled(template: str, **values: str) -> str:
    """Only our own names are replaced: other braces in an address stay as they are."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template
