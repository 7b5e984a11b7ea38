"""A real documentation repository's history, laid out as folders of agents."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from tests.doubles.git_repository import GitRepository
from tests.doubles.knowledge_history import SETTINGS

BUNDLE = Path(__file__).parents[2].parent / "shared/evals/mdtree/cpp-docs-md.bundle"


def laid_out(repository: GitRepository, bundle: Path, agents: Sequence[str]) -> list[str]:
    """Commit every commit of the bundle anew with some of its folders; returns the commits."""
    git = repository._git
    git("fetch", "--quiet", str(bundle), "HEAD")
    settings = repository.root / "agent.yaml"
    settings.write_text(yaml.safe_dump(SETTINGS), "utf-8")
    blob = git("hash-object", "-w", str(settings)).decode().strip()
    commits: list[str] = []
    for source in git("rev-list", "--reverse", "--first-parent", "FETCH_HEAD").decode().split():
        git("read-tree", "--empty")
        for agent in _there(repository, source, agents):
            git("read-tree", f"--prefix=knowledge/{agent}/", f"{source}:docs/{agent}")
            git("update-index", "--add", "--cacheinfo",
                f"100644,{blob},knowledge/{agent}/agent.yaml")  # fmt: skip
        tree = git("write-tree").decode().strip()
        parents = [word for one in commits[-1:] for word in ("-p", one)]
        commits.append(git("commit-tree", *parents, "-m", source, tree).decode().strip())
    return commits


def _there(repository: GitRepository, commit: str, agents: Iterable[str]) -> list[str]:
    listed = repository._git("ls-tree", "-d", "--name-only", f"{commit}:docs").decode().split("\n")
    return [one for one in agents if one in listed]
