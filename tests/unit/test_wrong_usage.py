"""A command that is typed wrongly ends with 2, and with `--json` says why in one document."""

import json
import sys

import pytest

from kb.__main__ import main


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("generations a --limit 0", "0 is not in the range"),
        ("pause a", "Missing option '--reason'"),
        ("incidents close abc", "'abc' is not a valid integer"),
        ("verify a --bogus", "No such option: --bogus"),
        ("plan --validate missing.json", "'missing.json' does not exist"),
        ("plan --optimize missing.json", "'missing.json' does not exist"),
        ("approve 1 --edit missing.json", "'missing.json' does not exist"),
        ("eval classify --data missing.jsonl", "'missing.jsonl' does not exist"),
        ("eval classify --data .", "'.' is a directory"),
        ("eval plan --data missing.jsonl", "'missing.jsonl' does not exist"),
        ("eval answers --data missing.jsonl", "'missing.jsonl' does not exist"),
        ("eval answers --data pyproject.toml --baseline missing.json", "'missing.json' does not"),
        ("eval retrieval --data missing", "'missing' does not exist"),
        ("eval citations --data pyproject.toml", "'pyproject.toml' is a file"),
    ],
)
def test_wrong_usage_is_one_document(
    typed: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kb", *typed.split(), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = json.loads(capsys.readouterr().out)["error"]
    assert said in told["what"]
    assert told["cure"] == f"kb {typed.split()[0]} --help"


def test_without_json_people_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kb", "pause", "a"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    assert "--reason" in told.err
