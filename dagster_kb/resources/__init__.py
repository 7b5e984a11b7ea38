"""What the writer stands on: git, the ledger, the vector store, the embedding model."""
