"""The way in: a server that speaks the LangGraph API on Postgres, and the workers behind it."""
