"""A real git repository in a folder of the test's own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class GitRepository:
    """Write files, commit them, and read them back as git has them."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        # A second process looks at the same repository: beginning it again would need its lock.
        if not (self.root / ".git").is_dir():
            self._git("init", "--quiet", "--initial-branch=main")

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files by their path from the root; text goes out as UTF-8, untouched."""
        for name, content in files.items():
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        self._git("rm", "-r", "--quiet", "--force", "--ignore-unmatch", "--", path)
        target = self.root / path
        if target.is_dir():
            for one in sorted(target.rglob("*"), reverse=True):
                one.rmdir() if one.is_dir() and not one.is_symlink() else one.unlink()
            target.rmdir()
        elif target.exists() or target.is_symlink():
            target.unlink()

    def rename(self, old: str, new: str) -> None:
        """Move a file or a folder."""
        target = self.root / new
        target.parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(target)

    def commit(self, message: str = "change") -> str:
        """Commit all that is there (even nothing) and return the commit's sha."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)
        return self.head()

    def revert_head(self) -> str:
        """Undo the last commit by a new one."""
        self._git("revert", "--no-edit", "HEAD")
        return self.head()

    def reset_to(self, sha: str) -> None:
        """Be where a commit was, as after a forced push."""
        self._git("reset", "--quiet", "--hard", sha)

    def shell(self, command: str) -> None:
        """Type what people are told to type, in the folder of the repository."""
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=self.root, env=self._alone(), capture_output=True,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.stderr.decode('utf-8', 'replace')}")

    def tree(self, path: str) -> str:
        """Git's name for what a folder holds now; nothing when there is none."""
        listed = self._git("ls-tree", "-d", "HEAD", "--", path).decode().split()
        return listed[2] if listed else ""

    def head(self) -> str:
        return self._git("rev-parse", "HEAD").decode().strip()

    def show(self, sha: str, path: str) -> str:
        """Text of a file at a commit (or tree), nothing normalised."""
        return self.show_bytes(sha, path).decode("utf-8")

    def show_bytes(self, sha: str, path: str) -> bytes:
        return self._git("show", f"{sha}:{path}")

    def _git(self, *arguments: str) -> bytes:
        """Run git with nothing of the machine's own configuration."""
        command = ["git", "-c", "core.autocrlf=false", "-c", "commit.gpgsign=false", *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=self._alone(), capture_output=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace")
            raise RuntimeError(f"git {' '.join(arguments)}: {said}")
        return done.stdout

    def _alone(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.root),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Test",
            "GIT_AUTHOR_EMAIL": "test@example.org",
            "GIT_COMMITTER_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@example.org",
        }
