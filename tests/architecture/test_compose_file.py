"""The compose file and the image: as far as that goes without a daemon."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SECRETS = {"POSTGRES_PASSWORD": "one", "QDRANT_API_KEY": "two", "KB_API_KEY": "three"}


def compose_command() -> list[str] | None:
    plugin = (
        subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if shutil.which("docker")
        else None
    )
    if plugin and plugin.returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def test_compose_accepts_the_file():
    command = compose_command()
    if command is None:
        pytest.skip("neither `docker compose` nor docker-compose is here")
    done = subprocess.run(
        [*command, "config", "--quiet"], cwd=ROOT, env={"PATH": "/usr/bin:/bin:/usr/local/bin", **SECRETS},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_part_is_there():
    assert set(COMPOSE["services"]) == {
        "postgres", "qdrant", "migrate", "api", "worker", "dagster-webserver", "dagster-daemon",
    }  # fmt: skip


def test_nothing_is_published_beyond_this_machine():
    published = [
        port for service in COMPOSE["services"].values() for port in service.get("ports", [])
    ]
    assert published
    assert [port for port in published if not str(port).startswith("127.0.0.1:")] == []


def test_no_password_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert all(f"${{{name}:?" in text for name in SECRETS)


def test_commands_of_the_file_exist():
    from kb.__main__ import VERBS

    verbs = {verb.name for verb in VERBS}
    ours = [
        one["command"][0]
        for one in COMPOSE["services"].values()
        if one.get("image", "").startswith("scriptorium")
    ]
    assert ours
    assert set(ours) <= verbs


def test_the_image_copies_what_exists():
    steps = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    sources = [
        part
        for line in steps
        if line.startswith("COPY") and "--from" not in line
        for part in line.split()[1:-1]
    ]
    assert [source for source in sources if not (ROOT / source).exists()] == []
