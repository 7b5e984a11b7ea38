"""LangChain: QdrantVectorStore in hybrid mode, with the same model and the same sparse words."""

from langchain_core.embeddings import Embeddings
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_qdrant import QdrantVectorStore, RetrievalMode
from langchain_qdrant.sparse_embeddings import SparseEmbeddings, SparseVector
from qdrant_client import QdrantClient
from qdrant_edge import Bm25, Bm25Config

from benchmarks.retrieval.protocol import LIMIT, Place, Times, given, tell, timed, weights


class SameWords(SparseEmbeddings):
    """The sparse vectors that the collection was made with."""

    def __init__(self, average_length: float) -> None:
        self.bm25 = Bm25(Bm25Config(avg_len=average_length))

    def embed_documents(self, texts: list[str]) -> list[SparseVector]:
        return [self._vector(self.bm25.embed_document(one)) for one in texts]

    def embed_query(self, text: str) -> SparseVector:
        return self._vector(self.bm25.embed_query(text))

    def _vector(self, made) -> SparseVector:
        return SparseVector(indices=list(made.indices), values=list(made.values))


def retriever(place: Place, embedding: Embeddings):
    store = QdrantVectorStore(
        client=QdrantClient(url=place.url, api_key=place.api_key, check_compatibility=False),
        collection_name=place.collection, embedding=embedding, vector_name=place.dense,
        retrieval_mode=RetrievalMode.HYBRID, sparse_embedding=SameWords(place.average_length),
        sparse_vector_name=place.sparse, content_payload_key=place.text,
        metadata_payload_key=place.metadata, validate_collection_config=False,
    )  # fmt: skip
    return store.as_retriever(search_kwargs={"k": LIMIT})


if __name__ == "__main__":
    place, questions, out = given()
    asked = retriever(place, HuggingFaceEmbeddings(model_name=weights()))
    found = timed(questions, asked.invoke)
    assert asked.invoke(questions[0])
    tell(out, [Times("LangChain", "question to ranked passages", found)])
