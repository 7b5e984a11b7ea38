"""How the SQL files of `kb_contract/migrations` become revisions of alembic."""
