"""How an agent's documents are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from dagster_kb.readers.file_names import words_of_name
from dagster_kb.readers.formats import VERSIONS
from dagster_kb.readers.reading import reader_id, reading_of
from dagster_kb.readers.reading_rules import ReadingRules
from dagster_kb.resources.embedder import Embedder
from kb_contract.agent_manifest import AgentManifest, ChunkingSettings
from kb_contract.extraction_settings import ExtractionSettings
from kb_contract.payload import CONTRACT_VERSION


def not_situated(_settings: ExtractionSettings) -> str:
    """Embed passages as they are."""
    return ""


@dataclass(frozen=True)
class Way:
    """How documents are read; another way makes other documents of the same bytes."""

    embedder: Embedder
    chunk_tokens: int
    pdf_ocr: str = ""
    chunking: ChunkingSettings = field(default_factory=ChunkingSettings)
    situated_by: Callable[[ExtractionSettings], str] = not_situated
    """Names what gives passages the sentence that they are embedded with."""
    situated: str = ""

    def of_agent(self, manifest: AgentManifest | Mapping[str, Any]) -> "Way":
        """Read as the agent's manifest says."""
        said = AgentManifest.model_validate(manifest)
        return replace(self, chunking=said.chunking, situated=self.situated_by(said.extraction))

    @cached_property
    def rules(self) -> ReadingRules:
        return ReadingRules.of(self.chunking, tokens=self.chunk_tokens, pdf_ocr=self.pdf_ocr)

    @cached_property
    def name(self) -> str:
        """Readers, chunker, rules, tokenizer, and the contract that payloads follow."""
        named = f"{reader_id(self.rules)}/{self.embedder.tokenizer}/{CONTRACT_VERSION}"
        if self.situated:
            named = f"{named}/{self.situated}"
        if self.chunking.strategy != "semantic":
            return named
        # Where the subject changes is what the model says.
        return f"{named}/{self.embedder.space.space_id}"

    @property
    def recipe(self) -> str:
        """Names the way for a whole folder, whatever formats are in it."""
        return f"{self.name}/formats-{VERSIONS}"

    def of(self, path: str) -> str:
        """The same bytes under another suffix, and of some formats another name, are read otherwise."""
        name = words_of_name(path)
        return f"{self.name}/{reading_of(path)}" + (f"/{name}" if name else "")
