"""Several processes write dagster.yaml at one time: it is whole at every moment, and no draft stays."""

import multiprocessing
from pathlib import Path

import yaml

from kb.dagster_home import write_dagster_home

WRITERS = 4
TIMES = 60


def write_often(folder: str, number: int) -> None:
    for time in range(TIMES):
        url = f"postgresql://ann@127.0.0.1:5432/db?application_name=w{number}t{time}"
        text = write_dagster_home(Path(folder), url).read_text(encoding="utf-8")
        assert yaml.safe_load(text)["run_retries"]["enabled"] is True


def test_writers_at_one_time_do_not_disturb_each_other(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_often, args=(str(tmp_path), one))
               for one in range(WRITERS)]  # fmt: skip
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=90)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    assert [one.name for one in tmp_path.iterdir()] == ["dagster.yaml"]
