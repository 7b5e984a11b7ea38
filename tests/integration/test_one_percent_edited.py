"""1,000 files, of which ten are edited, and then ten deleted: what that costs is counted, and what is
left behind. The protocol is that of the comparison in docs/performance.md, which has twice as many."""

import random
from typing import Any

import pytest

from tests.doubles.writer_world import WriterWorld, why

FILES = 1000
SHARE = 0.01
# Of ten edited files; where a note fits into no chunk any more, one text becomes two.
MOST_TEXTS = 18
WORDS = [f"word{number}" for number in range(3000)]
Pages = dict[str, str]
Payload = dict[str, Any]


def pages(dice: random.Random) -> Pages:
    return {f"part{number % 7}/page{number:04d}.md": _page(number, dice) for number in range(FILES)}


def _page(number: int, dice: random.Random) -> str:
    sections = (f"## Part {part}\n\n{' '.join(dice.choices(WORDS, k=dice.randint(16, 34)))}.\n"
                for part in range(1 + (number % 4 == 3)))  # fmt: skip
    return f"# Page {number}\n\n" + "\n".join(sections)


def edited(before: Pages, dice: random.Random) -> Pages:
    """One paragraph more in the middle of one file of a hundred."""
    chosen = dice.sample(sorted(before), round(FILES * SHARE))
    return {name: _with_a_note(before[name], dice.randint(0, 10**9)) for name in chosen}


def _with_a_note(text: str, number: int) -> str:
    lines = text.split("\n")
    note = f"\nRevised note {number}: this paragraph replaces the earlier guidance.\n"
    return "\n".join([*lines[: len(lines) // 2], note, *lines[len(lines) // 2 :]])


def is_stale(payload: Payload, folder: str, now: Pages) -> bool:
    """Whether its file does not say it any more, or not there."""
    place = payload["metadata"]
    text = now.get(place["path"].removeprefix(folder), "")
    return without_spaces(text[place["start"] : place["end"]]) != without_spaces(
        payload["text_chunk"]
    )


def without_spaces(text: str) -> str:
    return "".join(text.split())


def check_served(world: WriterWorld, now: Pages) -> None:
    """All that the files say is served, once; and nothing else."""
    served = list(world.served().values())
    assert [one for one in served if is_stale(one, world.path(""), now)] == []
    assert len({(one["metadata"]["path"], one["text_chunk"]) for one in served}) == len(served)
    assert {one["metadata"]["path"] for one in served} == {world.path(name) for name in now}
    said = sum(len(without_spaces(text)) for text in now.values())
    assert sum(len(without_spaces(one["text_chunk"])) for one in served) == said


@pytest.mark.timeout(300)
def test_an_edit_of_one_percent_embeds_what_was_edited_and_leaves_nothing_behind(
    world: WriterWorld,
):
    dice = random.Random(7)
    now = pages(dice)
    world.publish(now)
    assert len(world.embedder.passages) > FILES
    check_served(world, now)

    changed = edited(now, dice)
    now |= changed
    world.publish(changed)
    assert len(changed) <= len(world.embedder.passages) <= MOST_TEXTS
    check_served(world, now)

    gone = dice.sample(sorted(now), round(FILES * SHARE))
    for name in gone:
        (world.repository.root / world.path(name)).unlink()
        del now[name]
    world.commit()
    # This colour was last written before the edits: both they and the deletions reach it now.
    ran = world.ingest()
    assert ran.success, why(ran)
    assert world.embedder.passages == []
    check_served(world, now)
