"""What an operator types answers at once: what takes seconds to load is not loaded for it."""

import subprocess
import sys

SLOW = ("dagster", "litellm", "qdrant_client.http", "torch")


def loaded_by(program: str) -> list[str]:
    said = f"import sys\n{program}\nprint(*sorted({{*{SLOW}}} & {{*sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True,
        env={"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "QDRANT_URL": "http://127.0.0.1:1",
             "NIGHTLY_CRON": "30 3 * * *"},
    )  # fmt: skip
    return done.stdout.split()


def test_the_ledger_is_opened_without_dagster_and_without_the_client_of_qdrant():
    assert not loaded_by("import dagster_kb.resources.ledger, kb.operator_access")


def test_settings_are_read_without_dagster():
    assert not loaded_by("from dagster_kb.settings import load_settings; load_settings()")


def test_commands_are_told_of_without_any_of_it():
    assert not loaded_by("import kb.__main__")


def test_what_is_served_is_looked_at_led_back_and_put_right_without_dagster():
    needed = ("described_parts", "publishing.ways_back", "recovery", "upkeep.retention")
    program = "\n".join(f"import dagster_kb.{one}" for one in needed)
    assert "dagster" not in loaded_by(program)
