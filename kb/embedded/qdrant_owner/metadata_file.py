"""Which collections and aliases there are, on disk: the old state or the new, never a mixture."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from kb.embedded.qdrant_owner.schemas import CreateCollection
from kb_contract.errors import ScriptoriumError


class BrokenMetadata(ScriptoriumError):
    """The file cannot be read, so the folder cannot be served."""


class CollectionEntry(BaseModel):
    """One collection: the folder of its shard, and the request that made it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shard: str
    created_as: CreateCollection


class Metadata(BaseModel):
    """Everything but the points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    collections: dict[str, CollectionEntry] = {}
    aliases: dict[str, str] = {}


@dataclass(frozen=True)
class MetadataFile:
    """The file; written beside itself, forced to disk, then renamed over."""

    path: Path

    def read(self) -> Metadata:
        try:
            return Metadata.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return Metadata()
        except ValidationError as error:
            raise BrokenMetadata(
                f"not written by this version: {error.errors()[0]['msg']}",
                where=str(self.path),
                cure="restore the file, or move the data folder away and ingest again",
            ) from error

    def write(self, metadata: Metadata) -> None:
        beside = self.path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(metadata.model_dump_json(by_alias=True, exclude_none=True).encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        _force_names_to_disk(self.path.parent)


def _force_names_to_disk(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle on a folder; its rename is in the journal
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
