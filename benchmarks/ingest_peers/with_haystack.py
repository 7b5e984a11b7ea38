"""Haystack: splitter, embedder and writer that overwrites, into Qdrant in memory."""

from collections.abc import Iterator, Mapping, Sequence

import psutil
from haystack import Document, Pipeline
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.writers import DocumentWriter
from haystack.document_stores.types import DuplicatePolicy
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from haystack_integrations.components.retrievers.qdrant import QdrantEmbeddingRetriever
from haystack_integrations.document_stores.qdrant import QdrantDocumentStore

from benchmarks.ingest_peers.protocol import CountedModel, compete, given, weights


class Haystack:
    """Opens its model at the first ingest."""

    def __init__(self) -> None:
        self.model = CountedModel()
        self.store = QdrantDocumentStore(
            ":memory:", index="c", embedding_dim=384, recreate_index=True, progress_bar=False
        )
        self.asker: SentenceTransformersTextEmbedder | None = None
        self.pipeline = Pipeline()
        self.pipeline.add_component(
            "split", DocumentSplitter(split_by="word", split_length=150, split_overlap=15)
        )
        self.pipeline.add_component(
            "embed", SentenceTransformersDocumentEmbedder(model=weights(), progress_bar=False)
        )
        self.pipeline.add_component(
            "write", DocumentWriter(self.store, policy=DuplicatePolicy.OVERWRITE)
        )
        self.pipeline.connect("split.documents", "embed.documents")
        self.pipeline.connect("embed.documents", "write.documents")

    def ingest(self, documents: Mapping[str, str]) -> None:
        given = [Document(content=text, meta={"source": path}) for path, text in documents.items()]
        self.pipeline.run({"split": {"documents": given}})

    def points(self) -> Iterator[tuple[str, str]]:
        for one in self.store.filter_documents():
            yield one.meta["source"], one.content

    def search(self, question: str) -> Sequence[str]:
        if self.asker is None:
            self.asker = SentenceTransformersTextEmbedder(model=weights(), progress_bar=False)
            self.asker.warm_up()
        vector = self.asker.run(question)["embedding"]
        found = QdrantEmbeddingRetriever(self.store, top_k=30).run(query_embedding=vector)
        return [one.meta["source"] for one in found["documents"]]

    def embedded(self) -> int:
        return self.model.texts

    def servers(self) -> Sequence[psutil.Process]:
        return ()


if __name__ == "__main__":
    corpus, out = given()
    compete("Haystack pipeline", Haystack(), corpus, out)
