"""What `kb eval citations --data DIR` does: the check of quotes against labelled ones, here, with no stack."""

from pathlib import Path
from typing import Any

from kb.commands.eval_shown import classes_table
from kb.evaluation.labelled_quotes import judged, quote_figures, read_quotes
from kb.terminal import console, escape, say_json


def measured_quotes(folder: Path, *, verbose: bool, as_json: bool) -> dict[str, Any]:
    """Check every quote, show the figures, and return them."""
    found = judged(read_quotes(folder))
    figures = quote_figures(found)
    wrong = [one.as_json() for one in found if one.verdict != one.wanted]
    if as_json:
        say_json({**figures, **({"wrong": wrong} if verbose else {})})
        return figures
    out = console()
    out.print(
        f"right {figures['accuracy']:.1%} of {figures['n']}; false ones that pass "
        f"{figures['false_found']}, true ones refused {figures['true_refused']}"
    )
    out.print(classes_table(figures))
    for one in wrong if verbose else ():
        said = (
            f"{one['id']} ({one['how']}): wanted {one['wanted']}, got {one['got']}: {one['quote']}"
        )
        out.print(escape(said), highlight=False)
    return figures
