"""What each asset's page says before anything ran: what it is, its columns, what to do when red."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import dagster as dg

from dagster_kb.partitions import GROUP, OWNERS
from dagster_kb.readers.formats import VERSIONS
from dagster_kb.readers.reading import reader_id
from dagster_kb.settings import WriterSettings
from kb_contract.identifiers import sha256_json
from kb_contract.payload import CONTRACT_VERSION

_INTRO: Final = "One partition is one agent: a folder of `knowledge/`."
# What makes equal documents, chunks and texts become other rows; raise it with such a change.
MANIFEST_VERSION: Final = 1


@dataclass(frozen=True)
class Page:
    """What a stranger reads on the page of an asset."""

    what: str
    when_red: str
    columns: tuple[dg.TableColumn, ...]
    tags: Mapping[str, str]

    @property
    def description(self) -> str:
        return f"{self.what}\n\n**When it is red:** {self.when_red}\n\n{_INTRO}"


def _column(name: str, kind: str, description: str) -> dg.TableColumn:
    return dg.TableColumn(name, kind, description=description)


PAGES: Final[Mapping[str, Page]] = {
    "parsed_documents": Page(
        "What git says now, read: every file of the agent's folder at one commit, as a document in "
        "the ledger. Only bytes that were never seen are read. A file that cannot be read is "
        "**quarantined** with a reason; the others go on.",
        "`agent.yaml` or `golden.yaml` cannot be understood: the error names the line. Mend it and "
        "commit. What is live stays live.",
        (
            _column("document_id", "uuid", "same bytes read the same way, same id"),
            _column("path", "text", "from the root of the git repository"),
            _column("status", "text", "published, unpublished or quarantined"),
            _column("reason", "text", "why it is not published"),
        ),
        {"store": "postgres", "table": "kb.documents"},
    ),
    "extractions": Page(
        "What was read out of each passage: entities, facts, the questions that it answers, a summary, keywords, "
        "and a sentence on where it stands. By a model of `LLM_PROFILE`, or by patterns where there is none. Off "
        "unless `agent.yaml` says `extraction: {enabled: true}`. What was asked once is never paid for again.",
        "The check says what it would cost: `kb ingest --yes` agrees to it. A provider that is away is asked again "
        "by the next run. `kb inspect --run RUN` shows what could not be used.",
        (
            _column("extraction_id", "uuid", "same input, prompt and model, same id"),
            _column("status", "text", "DONE, INVALID (no use, kept as it came) or ERROR"),
            _column("parsed", "json", "ChunkExtractionV1"),
            _column("cost", "numeric", "dollars of its requests"),
        ),
        {"store": "postgres", "table": "kb.extractions"},
    ),
    "chunks": Page(
        "The manifest: every chunk that the new generation is made of. Rows of unchanged documents "
        "are copied, only the others are made.",
        "Postgres did not answer; the run tries again by itself.",
        (
            _column("chunk_id", "uuid", "same text at the same place, same id"),
            _column("document_id", "uuid", "the document that it stands in"),
            _column("chunk_index", "int", "position in the document"),
            _column("path", "text", "from the root of the git repository"),
            _column("payload_sha256", "text", "a point is written when it changes"),
        ),
        {"store": "postgres", "table": "kb.generation_chunks"},
    ),
    "embeddings": Page(
        "A vector for every text that never had one in this space (model, weights, prefix). A text "
        "that was ever embedded is never embedded again, for whichever agent.",
        "The model could not be loaded or ran out of memory: `kb doctor` says which. What was "
        "embedded before is kept, so the next run goes on from there.",
        (
            _column("space_id", "text", "model, weights, prefix, dimension"),
            _column("embed_sha256", "text", "digest of the text that is embedded"),
            _column("vector", "bytea", "little-endian float32, length 1"),
        ),
        {"store": "postgres", "table": "kb.embeddings"},
    ),
    "collection": Page(
        "The collection that nobody reads yet (the inactive colour), brought to the manifest by "
        "writing the difference only. The checks below look at it before it may go live.",
        "See which check failed: its description names the question, the passage that was expected "
        "and what came instead. Mend the documents or `golden.yaml`, and commit.",
        (
            _column("id", "uuid", "the chunk's id"),
            _column("dense", "vector", "what `embeddings` kept"),
            _column("sparse", "sparse vector", "BM25 of the text"),
            _column("payload", "json", "text, title, path, offsets, rights and dates"),
        ),
        {"store": "qdrant"},
    ),
    "live_alias": Page(
        "What readers answer from: the alias `<agent>_production`. It moves in one step, and only "
        "when every check of `collection` passes here and now.",
        "A check refused the generation, or the agent is paused: `kb generations AGENT` and "
        "`kb incidents AGENT` say why. The former generation is still served.",
        (
            _column("alias", "text", "the name that readers ask for"),
            _column("collection", "text", "what it points to"),
        ),
        {"store": "qdrant", "table": "kb.alias_moves"},
    ),
}  # fmt: skip


def code_versions(settings: WriterSettings, checks: Sequence[str]) -> Mapping[str, str]:
    """What makes an asset's result another one though its input is the same."""
    return {
        "parsed_documents": f"{reader_id(settings.chunk_tokens)}/formats-{VERSIONS}",
        "extractions": settings.llm_profile,
        "chunks": f"manifest-{MANIFEST_VERSION}/contract-{CONTRACT_VERSION}",
        "embeddings": settings.embedding,
        "collection": f"contract-{CONTRACT_VERSION}",
        "live_alias": f"checks-{sha256_json(sorted(checks))[:8]}",
    }


def with_pages(
    assets: Sequence[dg.AssetsDefinition], checks: Sequence[str], settings: WriterSettings
) -> list[dg.AssetsDefinition]:
    """Give every asset its page; an asset that has none is refused."""
    versions = code_versions(settings, checks)

    def told(spec: dg.AssetSpec) -> dg.AssetSpec:
        name = spec.key.to_user_string()
        page = PAGES[name]
        schema = dg.TableSchema(columns=list(page.columns))
        return spec.replace_attributes(
            description=page.description,
            code_version=versions[name],
            group_name=GROUP,
            owners=OWNERS,
            tags={**spec.tags, **_tags(page)},
            metadata={**spec.metadata, "dagster/column_schema": schema, **_table(page)},
        )

    return [one.map_asset_specs(told) for one in assets]


def _tags(page: Page) -> dict[str, str]:
    return {f"scriptorium/{name}": value for name, value in page.tags.items() if name != "table"}


def _table(page: Page) -> dict[str, str]:
    """`dagster/table_name` is shown at the top of the page."""
    return {"dagster/table_name": page.tags["table"]} if "table" in page.tags else {}
