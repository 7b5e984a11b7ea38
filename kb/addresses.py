"""Where the parts answer."""

from pydantic import BaseModel, ConfigDict


class Addresses(BaseModel):
    """URLs of everything; the database's holds a password."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    database_url: str
    qdrant_url: str
    qdrant_api_key: str | None = None
    api_url: str
    dagster_url: str
