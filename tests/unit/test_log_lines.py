"""A line of a run's log begins with words, and names few of many ids."""

import json

from dagster_kb.telemetry import FOR_MACHINES, LISTED, Stages


class Kept:
    """Keeps lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, msg: str) -> None:
        self.lines.append(msg)

    def warning(self, msg: str) -> None:
        self.lines.append(msg)


def test_words_come_first_and_a_long_list_is_cut():
    kept = Kept()
    stages = Stages(log=kept, ids={"run_id": "r1"})
    stages.say("embedding", done=736, total=3200, texts_per_second=9.7, chunk_ids=list("abcdefgh"))
    words, _, told = kept.lines[0].partition(FOR_MACHINES)
    assert words == "embedding: done 736, total 3200, texts per second 9.7"
    facts = json.loads(told)
    assert (facts["event"], facts["run_id"], facts["done"]) == ("embedding", "r1", 736)
    assert facts["chunk_ids"] == [*list("abcdefgh")[:LISTED], "… and 3 more"]
