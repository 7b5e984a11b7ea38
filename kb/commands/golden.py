"""`kb golden candidates`: what feedback says that questions should find, for golden.yaml."""

from typing import TYPE_CHECKING, Annotated

import typer

from kb.commands.eval_outcome import needed_history
from kb.terminal import console, escape, say_json

if TYPE_CHECKING:
    from kb.evaluation.golden_candidates import Candidate

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _verbs() -> None:
    """Golden questions."""


@app.command("candidates")
def candidates(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    write: Annotated[
        bool, typer.Option("--write", help="Add them to golden.yaml in the working tree.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List questions that people praised or corrected, with the passages that they should find."""
    from dagster_kb.described_parts import folder_of
    from kb.evaluation.golden_candidates import candidates_of
    from kb.evaluation.golden_file import GoldenFile
    from kb.writer_access import writer_settings

    folder = folder_of(writer_settings())
    golden = GoldenFile(folder.path / agent)
    known = list(folder.agent_settings(folder.head(), agent).golden.questions)
    lying = golden.questions() if write else []
    history = needed_history()
    found = candidates_of(
        history.candidates(agent), agent, folder, [*known, *lying],
        lambda paths: history.served_texts(agent, paths),
    )  # fmt: skip
    good = [one.question for one in found if not one.problem]
    if write and good:
        golden.add(good)
    written = str(golden.path) if write and good else None
    if as_json:
        say_json({"candidates": [one.as_json() for one in found], "written": written})
        return
    for one in found:
        _show(one)
    if not found:
        console().print("Nobody's feedback names a question that golden.yaml has not.")
    elif written:
        console().print(f"added {len(good)} to {written}: look at them, and commit")


def _show(one: "Candidate") -> None:
    said = one.question
    out = console()
    out.print(
        f"[bold]{escape(said.question)}[/bold] ({one.kind} by {escape(', '.join(one.people))})"
    )
    out.print(f"   {escape(said.path)}" + (f": “{escape(said.quote)}”" if said.quote else ""))
    if one.problem:
        out.print(f"   [yellow]left out[/yellow]: {escape(one.problem)}")
