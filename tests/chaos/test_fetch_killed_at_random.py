"""A fetch is killed (SIGKILL) at random moments: the writer alone, or all that it started with it.

`WRITER_KILLS=200` makes it long, `WRITER_SEED` makes it another.
"""

import os
import random
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.remote_repository import RemoteRepository
from tests.doubles.dying_writer import Place
from tests.doubles.git_http_server import git_http_server
from tests.doubles.git_repository import GitRepository
from tests.doubles.marking_writer import RandomKiller
from tests.doubles.sizes import sizes

SEED = int(os.environ.get("WRITER_SEED", "5"))
# Git keeps what comes in few objects one by one, and of many it makes a pack.
FILES = (2, 120)
LETTERS = 4000
LONGEST_DELAY = 0.06
pytestmark = pytest.mark.timeout(120 + 20 * int(os.environ.get("WRITER_KILLS", "4")))


def fetch(remote: RemoteRepository, place: Place) -> None:
    remote.newest()
    os._exit(0)


def alone(process: Any) -> None:
    process.kill()


def with_all_that_it_started(process: Any) -> None:
    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    for one in (process, *below):
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue


class Life:
    """A repository into which somebody pushes, now and then with force."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.bare = folder / "host" / "team" / "repo.git"
        self.bare.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.bare)], check=True)
        self.work = GitRepository(folder / "work")
        self.commits = list[str]()

    def push(self) -> dict[str, bytes]:
        if len(self.commits) > 3 and self.chance.random() < 0.3:
            self.work.reset_to(self.chance.choice(self.commits))
        self.work.write({
            f"knowledge/a/{self.chance.randrange(900)}.md": self.chance.randbytes(LETTERS // 2).hex()
            for _ in range(self.chance.choice(FILES))
        })  # fmt: skip
        self.commits.append(self.work.commit())
        self.work._git("push", "--quiet", "--force", str(self.bare), "HEAD:main")
        folder = self.work.root / "knowledge" / "a"
        return {f"knowledge/a/{one.name}": one.read_bytes() for one in folder.iterdir()}


@pytest.mark.parametrize("kills", sizes("WRITER_KILLS", 2, 4))
@pytest.mark.parametrize("way", ["file", "http"])
def test_the_next_look_has_all_of_the_newest_commit(
    way: str, kills: int, tmp_path: Path, record_property: Any
):
    chance = random.Random(SEED)
    life = Life(tmp_path, chance)
    with git_http_server(tmp_path / "host") as (base, _):
        url = f"file://{life.bare}" if way == "file" else f"{base}/team/repo.git"
        remote = RemoteRepository(url, "main", tmp_path / "home")
        folder = KnowledgeFolder.of_remote(remote, "knowledge")
        killer = RandomKiller(
            Place(tmp_path, "", "", ""), tmp_path / "marks", chance, LONGEST_DELAY
        )
        while killer.kills < kills:
            files = life.push()
            kill = chance.choice((alone, with_all_that_it_started))
            moment = f"{kill.__name__} at {killer.strike(partial(fetch, remote), kill)}"
            head = folder.head()
            assert head.sha == life.commits[-1], moment
            there = folder.files(head, "a")
            data = dict(folder.read([one.blob_sha for one in there]))
            assert {one.path: data[one.blob_sha] for one in there} == files, moment
    for sha in life.commits[-5:]:
        assert remote.objects.run("rev-list", "--objects", sha)
    record_property("faults", killer.kills)
