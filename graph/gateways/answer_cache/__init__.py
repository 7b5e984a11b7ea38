"""Kept answers: rows in Postgres, questions in Qdrant, the newest in memory; and what keeps them true."""
