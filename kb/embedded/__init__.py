"""The whole stack on one machine: Postgres, Qdrant, Dagster, API server and worker, supervised."""
