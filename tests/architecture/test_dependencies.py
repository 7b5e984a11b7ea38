"""Every dependency is pinned, above the floors that advisories set, and comes with no index address."""

import re
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PINS = {
    canonicalize_name(name): pin
    for name, pin in re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M)
}
FLOORS = {
    "langgraph": "1.2.14", "langgraph-checkpoint": "4.1.1", "langgraph-checkpoint-postgres": "3.1.1",
    "langgraph-checkpoint-sqlite": "3.1.1", "langgraph-sdk": "0.4.6", "langgraph-api": "0.15.0",
    "langchain-core": "1.3.3", "langchain": "1.3.9", "langchain-text-splitters": "1.1.2",
    "langsmith": "0.8.0", "litellm": "1.104.0", "dagster": "1.13.1", "dagster-webserver": "1.13.1",
    "starlette": "1.0.1",
}  # fmt: skip
BANNED = {("litellm", "1.82.7"), ("litellm", "1.82.8")}
QDRANT_SERVER_FLOOR = "1.19.2"


@pytest.mark.parametrize("package", sorted(FLOORS))
def test_no_version_has_a_known_hole(package: str):
    for found in {PINS.get(package), installed(package)} - {None}:
        assert Version(found) >= Version(FLOORS[package])
        assert (package, found) not in BANNED


def test_the_server_of_the_compose_file_has_no_known_hole():
    found = re.search(r"qdrant/qdrant:v([\d.]+)", (ROOT / "docker-compose.yml").read_text())
    assert found is not None
    assert Version(found[1]) >= Version(QDRANT_SERVER_FLOOR)


def test_every_dependency_that_we_need_is_pinned():
    needed, queue = set(), ["scriptorium"]
    known = {canonicalize_name(one.metadata["Name"]): one for one in distributions()}
    while queue:
        package = known.get(canonicalize_name(queue.pop()))
        for line in (package.requires or []) if package else []:
            wanted = Requirement(line)
            name = canonicalize_name(wanted.name)
            if name in known and name not in needed and applies(wanted):
                needed.add(name)
                queue.append(name)
    assert needed - PINS.keys() - {"pip", "setuptools"} == set()


def applies(wanted: Requirement) -> bool:
    return wanted.marker is None or any(
        wanted.marker.evaluate({"extra": extra})
        for extra in ("", "dev", "binary", "pool", "standard", "inmem")
    )


def test_the_pins_are_plain():
    lines = [
        line
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.!+-]+", line)] == []
    assert all(str(Version(pin)) for pin in PINS.values())


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
