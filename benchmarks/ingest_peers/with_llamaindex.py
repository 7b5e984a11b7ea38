"""LlamaIndex: IngestionPipeline with a document store that upserts and deletes, into Qdrant in memory."""

import json
from collections.abc import Iterator, Mapping, Sequence

import psutil
from llama_index.core import Document
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.qdrant import QdrantVectorStore
from qdrant_client import QdrantClient

from benchmarks.ingest_peers.protocol import CountedModel, compete, given, weights


class LlamaIndex:
    """Opens its model at the first ingest."""

    def __init__(self) -> None:
        self.model = CountedModel()
        self.client = QdrantClient(":memory:")
        self.embedding: HuggingFaceEmbedding | None = None
        self.pipeline: IngestionPipeline | None = None

    def ingest(self, documents: Mapping[str, str]) -> None:
        if self.pipeline is None:
            self.embedding = HuggingFaceEmbedding(model_name=weights())
            self.pipeline = IngestionPipeline(
                transformations=[
                    SentenceSplitter(chunk_size=256, chunk_overlap=25),
                    self.embedding,
                ],
                docstore=SimpleDocumentStore(),
                docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
                vector_store=QdrantVectorStore(client=self.client, collection_name="c"),
                disable_cache=True,
            )
        self.pipeline.run(documents=[
            Document(text=text, id_=path, metadata={"source": path},
                     excluded_embed_metadata_keys=["source"])
            for path, text in documents.items()
        ])  # fmt: skip

    def points(self) -> Iterator[tuple[str, str]]:
        found, _ = self.client.scroll("c", limit=10**6)
        for one in found:
            node = json.loads(one.payload["_node_content"])
            yield one.payload["source"], node.get("text") or one.payload.get("text", "")

    def search(self, question: str) -> Sequence[str]:
        vector = self.embedding.get_query_embedding(question)
        named = self.client.get_collection("c").config.params.vectors
        using = next(iter(named)) if isinstance(named, dict) else None
        found = self.client.query_points("c", query=vector, using=using, limit=30).points
        return [one.payload["source"] for one in found]

    def embedded(self) -> int:
        return self.model.texts

    def servers(self) -> Sequence[psutil.Process]:
        return ()


if __name__ == "__main__":
    corpus, out = given()
    compete("LlamaIndex IngestionPipeline", LlamaIndex(), corpus, out)
