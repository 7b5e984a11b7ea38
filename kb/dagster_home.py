"""`KB_HOME/dagster`: Dagster's configuration, made from the template beside this module."""

import json
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMA = "dagster"


def write_dagster_home(folder: Path, database_url: str) -> Path:
    """Write dagster.yaml (no secret in it) and return its path."""
    template = Template((files("kb") / "dagster.yaml.template").read_text(encoding="utf-8"))
    text = template.substitute(params=json.dumps(_parameters(database_url)))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "dagster.yaml"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        draft = target.with_suffix(".draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    return target


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
