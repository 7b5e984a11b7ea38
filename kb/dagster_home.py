"""`KB_HOME/dagster`: Dagster's configuration, made from the template beside this module."""

import json
import os
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml

from kb_contract.errors import BadSetting

SCHEMA = "dagster"


def write_dagster_home(folder: Path, database_url: str, addition: Path | None = None) -> Path:
    """Write dagster.yaml (no secret in it) and return its path; sections of `addition` come first."""
    template = Template((files("kb") / "dagster.yaml.template").read_text(encoding="utf-8"))
    text = template.substitute(
        params=json.dumps(_parameters(database_url)), printed=json.dumps(str(folder / "storage"))
    )
    if addition is not None:
        text = _with(text, addition)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "dagster.yaml"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        _write_at_once(target, text)
    return target


def _with(text: str, addition: Path) -> str:
    """Put an addition's sections in the place of ours."""
    more: object = None
    try:
        more = yaml.safe_load(addition.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadSetting(str(error), where="DAGSTER_YAML", cure="name a YAML file") from error
    if not isinstance(more, dict):
        raise BadSetting(
            "this is no mapping of sections", where=str(addition), cure="see deploy/*.yaml"
        )
    ours: dict[str, Any] = yaml.safe_load(text)
    merged = {**ours, **cast("Mapping[str, Any]", more)}
    head = f"# Written by `kb` for every start; its own sections, then those of {addition.name}.\n"
    return head + yaml.safe_dump(merged, sort_keys=False)


def _write_at_once(target: Path, text: str) -> None:
    """Two processes may write at one time: each has a draft of its own, and the last one stays."""
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def dagster_environment(folder: Path, database_url: str) -> dict[str, str]:
    """Return what dagster.yaml takes from the environment."""
    parts = urlsplit(database_url)
    return {
        "DAGSTER_HOME": str(folder),
        "DAGSTER_PG_HOST": parts.hostname or "127.0.0.1",
        "DAGSTER_PG_PORT": str(parts.port or 5432),
        "DAGSTER_PG_USER": unquote(parts.username or ""),
        "DAGSTER_PG_PASSWORD": unquote(parts.password or ""),
        "DAGSTER_PG_DB": parts.path.removeprefix("/"),
    }


def _parameters(database_url: str) -> dict[str, str]:
    """Keep what the URL asks for (sslmode and the like), and add the schema to the search path."""
    asked = dict(parse_qsl(urlsplit(database_url).query))
    options = f"{asked.pop('options', '')} -c search_path={SCHEMA}".strip()
    return {**asked, "options": options}
