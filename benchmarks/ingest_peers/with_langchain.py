"""LangChain: index() with a record manager and full clean-up, into Qdrant in memory."""

from collections.abc import Iterator, Mapping, Sequence

import psutil
from langchain_classic.indexes import SQLRecordManager
from langchain_core.documents import Document
from langchain_core.indexing import index
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_qdrant import QdrantVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter
from qdrant_client import QdrantClient, models

from benchmarks.ingest_peers.protocol import CountedModel, compete, given, weights


class LangChain:
    """Opens its model at the first ingest."""

    def __init__(self) -> None:
        self.model = CountedModel()
        self.client = QdrantClient(":memory:")
        self.client.create_collection(
            "c", vectors_config=models.VectorParams(size=384, distance=models.Distance.COSINE)
        )
        self.records = SQLRecordManager("c", db_url="sqlite://")
        self.records.create_schema()
        self.splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=100)
        self.store: QdrantVectorStore | None = None

    def ingest(self, documents: Mapping[str, str]) -> None:
        self.store = self.store or QdrantVectorStore(
            client=self.client, collection_name="c",
            embedding=HuggingFaceEmbeddings(model_name=weights()), validate_collection_config=False,
        )  # fmt: skip
        chunks = self.splitter.split_documents(
            [
                Document(page_content=text, metadata={"source": path})
                for path, text in documents.items()
            ]
        )
        index(chunks, self.records, self.store, cleanup="full", source_id_key="source",
              batch_size=256, key_encoder="sha1")  # fmt: skip

    def points(self) -> Iterator[tuple[str, str]]:
        found, _ = self.client.scroll("c", limit=10**6)
        for one in found:
            yield one.payload["metadata"]["source"], one.payload["page_content"]

    def search(self, question: str) -> Sequence[str]:
        found = self.store.similarity_search(question, k=30)
        return [one.metadata["source"] for one in found]

    def embedded(self) -> int:
        return self.model.texts

    def servers(self) -> Sequence[psutil.Process]:
        return ()


if __name__ == "__main__":
    corpus, out = given()
    compete("LangChain index()", LangChain(), corpus, out)
