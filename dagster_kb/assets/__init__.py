"""The chain, in the order of the flow: documents, chunks, embeddings, collection, live_alias."""
