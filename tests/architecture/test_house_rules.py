"""What no linter says: sizes, names, and what may lie where."""

import ast
import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kb_contract", "dagster_kb", "graph", "kb")
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "core", "misc", "base", "manager"}
LONGEST_FILE = 300
LONGEST_TEST = 360
LONGEST_FUNCTION = 45


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def tracked(*patterns: str) -> list[Path]:
    listed = git("ls-files", "-co", "--exclude-standard", "-z", "--", *patterns)
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return tracked(*(f"{package}/*.py" for package in PACKAGES))


def longer_than(most: int, paths: list[Path]) -> dict[str, int]:
    return {str(path.relative_to(ROOT)): lines for path in paths
            if (lines := len(path.read_text("utf-8").splitlines())) > most}  # fmt: skip


def test_files_can_be_read_in_one_go():
    assert longer_than(LONGEST_FILE, sources()) == {}


def test_tests_can_be_read_in_one_go_too():
    assert longer_than(LONGEST_TEST, tracked("tests/*.py")) == {}


def test_functions_are_short():
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_names_say_what_is_inside():
    vague = [
        str(path.relative_to(ROOT)) for path in [*sources(), *tracked("tests/*.py")]
        if {path.stem, *path.relative_to(ROOT).parent.parts} & SAYS_NOTHING
    ]  # fmt: skip
    assert vague == []


def test_there_is_no_code_in_knowledge():
    assert [path for path in tracked("knowledge/*") if path.suffix in {".py", ".sh", ".js"}] == []


def test_make_help_lists_everything():
    rules = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^\.PHONY: (.+)$", rules, re.M)
    assert [one for one in targets if not re.search(rf"^{one}:.*## \S", rules, re.M)] == []
    assert re.findall(r"^([a-z][a-z-]*):", rules, re.M) == targets


def test_every_program_that_make_runs_is_there():
    rules = (ROOT / "Makefile").read_text("utf-8")
    named = re.findall(r"(?<![\w./])(?:tools|benchmarks)/[\w./]+", rules)
    assert named
    assert [one for one in named if not (ROOT / one).is_file()] == []


@pytest.mark.parametrize("fixed", [
    "graph", "dagster_kb", "knowledge", "kb_contract", "kb", "tests", "pyproject.toml",
    "workspace.yaml", "docker-compose.yml", "langgraph.json", "constraints.txt", "Makefile",
    "README.md", ".env.example", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md",
])  # fmt: skip
def test_the_top_level_is_as_agreed(fixed: str):
    assert (ROOT / fixed).exists()


def test_no_address_of_an_index_or_of_a_machine_is_in_the_project():
    hosts = [
        "py" + "pi.org",
        "files.python" + "hosted",
        "registry.npm" + "js",
        "deb.debian" + ".org",
    ]
    found = subprocess.run(
        ["git", "grep", "-nIF", *(part for host in hosts for part in ("-e", host))],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    assert found == ""


def test_the_runbook_says_when_it_was_last_updated():
    page = ROOT / "docs" / "operations.md"
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        pytest.skip("a shallow clone does not know when a page was changed")
    being_edited = git("status", "--porcelain", "--", str(page))
    committed = git("log", "-1", "--format=%as", "--", str(page)).strip()
    changed = date.today().isoformat() if being_edited else committed  # noqa: DTZ011 - the author's day, as git keeps it
    said = re.search(r"^## Runbook: .*, last updated (\S+)$", page.read_text("utf-8"), re.M)
    assert said is not None
    assert said[1] >= changed, f"write {changed} into the heading of the runbook"
