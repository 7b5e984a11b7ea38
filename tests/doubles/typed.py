"""Commands as people type them: as a process, or in this one, which has loaded all that a command loads."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from kb.__main__ import main


@dataclass
class Typed:
    """`kb` in an environment of its own."""

    environment: Mapping[str, str]
    capsys: pytest.CaptureFixture[str]

    def process(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kb", *arguments], env={**os.environ, **self.environment},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def here(self, *arguments: str) -> str:
        done = self.ended_here(*arguments)
        assert not done.returncode, done.stderr
        return done.stdout

    def ended_here(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Of one that may fail too."""
        before = dict(os.environ)
        self.capsys.readouterr()
        try:
            os.environ.update(self.environment)
            with pytest.MonkeyPatch.context() as typed:
                typed.setattr(sys, "argv", ["kb", *arguments])
                with pytest.raises(SystemExit) as ended:
                    main()
        finally:  # what the command added goes too, as it does with a process
            os.environ.clear()
            os.environ.update(before)
        told, code = self.capsys.readouterr(), ended.value.code
        returncode = code if isinstance(code, int) else int(code is not None)
        return subprocess.CompletedProcess([*arguments], returncode, told.out, told.err)
