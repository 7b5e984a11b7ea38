"""Dagster tries a terminated step with a retry policy again; each of ours says that it is not to."""

from pathlib import Path

import dagster_kb

WRITER = Path(dagster_kb.__file__).parent
ENDS = ("clear_failures()", "story.of(", "_looked_through(context")


def test_every_step_that_is_tried_again_ends_when_it_is_terminated():
    steps = {one: one.read_text(encoding="utf-8") for one in WRITER.rglob("*.py")}
    tried_again = {path: text for path, text in steps.items() if "retry_policy=RETRY" in text}
    assert len(tried_again) > 8
    for path, text in tried_again.items():
        ends = sum(text.count(f"{way}") for way in ENDS)
        assert text.count("retry_policy=RETRY") <= ends, path
