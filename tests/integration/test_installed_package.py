"""What the image does to the project, without a daemon: a wheel of what it copies, in an empty venv."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("graph", "dagster_kb", "kb_contract", "kb")
IMPORTS = "import graph.entrypoint, graph.server.worker, dagster_kb.definitions, kb.ingestion"
WHERE = "import graph, sys; print(graph.__file__); print(sys.prefix)"
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Installed:
    """A venv with the wheel in it, and a folder that has nothing to do with the project."""

    venv: Path
    elsewhere: Path

    def run(
        self, program: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.venv / "bin" / program, *arguments], cwd=self.elsewhere, text=True,
            capture_output=True, check=False, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(self.elsewhere), **environment},
        )  # fmt: skip

    @property
    def packages(self) -> Path:
        return next((self.venv / "lib").glob("python*/site-packages"))


def copied_by_the_image(target: Path) -> None:
    """Copy what the first stage of the Dockerfile copies, and no more."""
    first = (ROOT / "Dockerfile").read_text("utf-8").split("\nFROM ")[1]
    sources = [part for line in first.splitlines() if line.startswith("COPY")
               for part in line.split()[1:-1]]  # fmt: skip
    for source in sources:
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, target / source, ignore=ignored)
        else:
            shutil.copy(ROOT / source, target / source)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("image")
    app, elsewhere = folder / "app", folder / "elsewhere"
    app.mkdir()
    elsewhere.mkdir()
    copied_by_the_image(app)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    there = Installed(folder / "venv", elsewhere)
    built = subprocess.run(
        [sys.executable, "-m", "pip", "--python", there.venv, "install", "--quiet", "--no-deps",
         "--constraint", ROOT / "constraints.txt", app],
        capture_output=True, text=True, check=False,
        # It alone asks somebody outside.
        env={name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"},
    )  # fmt: skip
    if "Could not find a version that satisfies the requirement hatchling" in built.stderr:
        pytest.skip("the build backend cannot be fetched here")
    assert built.returncode == 0, built.stderr
    # The dependencies are those of this environment; a path in a .pth brings no editable install.
    (there.packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return there


def test_it_is_the_wheel_that_runs(installed: Installed):
    module, prefix = installed.run("python", "-c", WHERE).stdout.split()
    assert module.startswith(prefix)


def test_nothing_but_python_is_left_behind(installed: Installed):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *PACKAGES],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    ours = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    assert [name for name in ours if name.endswith(".sql")]
    assert [name for name in ours if not (installed.packages / name).is_file()] == []


def test_everything_can_be_imported(installed: Installed):
    done = installed.run("python", "-c", IMPORTS)
    assert done.returncode == 0, done.stderr


def test_the_command_answers(installed: Installed):
    done = installed.run("kb", "--help")
    assert done.returncode == 0, done.stderr
    assert "ingest" in done.stdout


def test_it_brings_a_database_to_its_newest_shape(installed: Installed, database_url: str):
    done = installed.run("kb", "migrate", "--json", DATABASE_URL=database_url)
    assert done.returncode == 0, done.stderr
    newest = max(path.name for path in (ROOT / "kb_contract" / "migrations").glob("*.sql"))
    assert json.loads(done.stdout)["revision"] == newest.split("_")[0]
