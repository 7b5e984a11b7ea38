"""LlamaIndex: QdrantVectorStore in hybrid mode, with the same model and the same sparse words."""

from llama_index.core import VectorStoreIndex
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.qdrant import QdrantVectorStore
from qdrant_client import QdrantClient
from qdrant_edge import Bm25, Bm25Config

from benchmarks.retrieval.protocol import LIMIT, Place, Times, given, tell, timed, weights

CANDIDATES = 30


def retriever(place: Place):
    bm25 = Bm25(Bm25Config(avg_len=place.average_length))

    def vectors(texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
        made = [bm25.embed_query(one) for one in texts]
        return [list(one.indices) for one in made], [list(one.values) for one in made]

    store = QdrantVectorStore(
        collection_name=place.collection,
        client=QdrantClient(url=place.url, api_key=place.api_key, check_compatibility=False),
        enable_hybrid=True, sparse_doc_fn=vectors, sparse_query_fn=vectors,
        dense_vector_name=place.dense, sparse_vector_name=place.sparse, text_key=place.text,
    )  # fmt: skip
    index = VectorStoreIndex.from_vector_store(
        store, embed_model=HuggingFaceEmbedding(model_name=weights())
    )
    return index.as_retriever(
        vector_store_query_mode="hybrid", similarity_top_k=LIMIT, sparse_top_k=CANDIDATES,
        hybrid_top_k=LIMIT,
    )  # fmt: skip


if __name__ == "__main__":
    place, questions, out = given()
    asked = retriever(place)
    found = timed(questions, asked.retrieve)
    assert asked.retrieve(questions[0])
    tell(out, [Times("LlamaIndex", "question to ranked passages", found)])
