"""`kb tune` as people type it: the choice and its evidence go into agent.yaml, and nothing else there changes."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_kb.gates.blend_choice import BLENDS
from kb.manifest_file import MARK
from kb_contract.agent_manifest import AgentManifest
from tests.doubles.typed import Typed
from tests.doubles.writer_world import WriterWorld

pytestmark = [pytest.mark.stack, pytest.mark.model, pytest.mark.timeout(600)]
GARDEN = {
    "tomato": "Tomatoes want two litres of water every second day.",
    "roses": "Roses are pruned in March, above an eye that looks outward.",
    "hedge": "The beech hedge may not be cut between March and September.",
    "lawn": "The lawn is mown to four centimetres, in dry summers to six.",
    "compost": "Compost is turned three times before it is sieved in autumn.",
    "bulbs": "Tulip bulbs go fifteen centimetres deep before the first frost.",
    "greenhouse": "The greenhouse is aired as soon as it has twenty-five degrees.",
    "pond": "The pump of the pond is taken out when ice is forecast.",
    "apples": "Apples for the cellar are picked with their stalks on.",
    "mulch": "Mulch keeps the strawberry beds moist and their fruit clean.",
}
OFFICE = {
    "invoices": "Invoices are approved by the cost centre and paid on Thursdays.",
    "travel": "Train tickets are booked in second class through the portal.",
    "laptops": "Laptops are replaced after four years or when repair costs more.",
    "badges": "A lost badge is reported to the reception the same day.",
    "meetings": "Meeting rooms that nobody enters are released after ten minutes.",
    "backup": "Backups of the file server are tried out each quarter.",
    "visitors": "Visitors are fetched at the reception and wear a sticker.",
    "parking": "Parking places are given out by lot every January.",
    "printers": "Printers hold a job until its owner shows a badge.",
    "phones": "Business phones are wiped before they are given on.",
    "leave": "Leave is asked for two weeks ahead in the calendar.",
}
WRITTEN = """\
# Kept by the gardeners.
title: Garden   # seen by everyone
retrieval:
  # Twelve, since pages are short.
  limit: 12
  blend: {words: 3}

gate: {canary: 'off'}
tags: [plants, tools]
"""


@dataclass(frozen=True)
class Command:
    """The command on the parts of a world, with the real model."""

    world: WriterWorld
    typed: Typed

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.typed.ended_here(*arguments)

    def said(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def ingest(self) -> bool:
        """Dagster takes its own settings from the process; it has one to itself."""
        done = self.typed.process("ingest", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)["ok"]


def folder(pages: dict[str, str], questions: int, agent_yaml: str) -> dict[str, str]:
    asked = [
        {"question": f"What holds for the {name}?", "path": f"{name}.md"}
        for name in list(pages)[:questions]
    ]
    return {
        **{f"{name}.md": f"# {name.title()}\n\n{text}\n" for name, text in pages.items()},
        "golden.yaml": yaml.safe_dump({"questions": asked}), "agent.yaml": agent_yaml,
    }  # fmt: skip


@pytest.fixture
def command(world: WriterWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    world.write(folder(GARDEN, len(GARDEN), WRITTEN))
    world.write(folder(OFFICE, len(OFFICE), "gate: {canary: 'off'}\n"), f"{world.agent}_office")
    world.write(folder(OFFICE, 3, WRITTEN), f"{world.agent}_few")
    world.repository.commit()
    settings = world.settings
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "QDRANT_URL": settings.qdrant_url, "KB_HOME": str(tmp_path / "home"),
        "KNOWLEDGE_DIR": str(settings.knowledge_dir),
    }  # fmt: skip
    command = Command(world, Typed(environment, capsys))
    assert command.ingest()
    return command


def refuse_what_cannot_be_chosen(command: Command) -> None:
    """Nobody has to write what too few questions say, or what nobody asked."""
    agent = f"{command.world.agent}_few"
    refused = command.run("tune", agent)
    assert refused.returncode == 1
    said = " ".join(refused.stderr.split())
    assert "3 golden questions are too few to choose by; 8 can" in said
    assert f"kb golden candidates {agent}" in said
    file = command.world.settings.knowledge_dir / agent / "agent.yaml"
    assert file.read_text("utf-8") == WRITTEN
    stranger = command.run("tune", "nobody", "--json")
    assert stranger.returncode == 1
    assert agent in json.loads(stranger.stdout)["error"]["cure"]


def test_the_choice_is_written_with_its_evidence_and_all_else_stays(command: Command) -> None:
    refuse_what_cannot_be_chosen(command)
    file = command.world.settings.knowledge_dir / command.world.agent / "agent.yaml"
    told = command.said("tune", command.world.agent, "--no-write")
    assert (told["written"], file.read_text("utf-8")) == (None, WRITTEN)
    assert (told["questions"], set(told["measured"])) == (len(GARDEN), set(BLENDS))
    shown = command.run("tune", command.world.agent)
    assert (shown.returncode, "commit it, and ingest" in shown.stdout) == (0, True), shown.stderr
    made = file.read_text("utf-8")
    again = command.said("tune", command.world.agent)
    assert again == {**told, "written": str(file)}
    assert file.read_text("utf-8") == made, "the same questions lead to the same words, once"
    before, after = WRITTEN.split("retrieval:\n")[0], WRITTEN.split("{words: 3}\n")[1]
    assert made.startswith(before)
    assert made.endswith(after)
    assert "  # Twelve, since pages are short.\n" in made
    retrieval = AgentManifest.model_validate({"agent_id": "a", **yaml.safe_load(made)}).retrieval
    assert (retrieval.limit, retrieval.threshold) == (12, told["threshold"]["value"])
    assert retrieval.blend == BLENDS[told["blend"]["name"]], "the blend of before is gone"
    assert retrieval.calibration is not None
    assert retrieval.calibration.model_dump() == told["calibration"]
    evidence = [one for one in made.splitlines() if one.strip().startswith(MARK.strip())]
    assert f"{len(GARDEN)} golden questions" in evidence[0]
    for said in (
        "nDCG@10",
        "5 folds",
        "calibration: its own questions reach",
        f"threshold {retrieval.threshold}: refuses",
    ):
        assert any(said in one for one in evidence), made
    # With too few strangers nothing is chosen, and what an earlier one chose goes.
    command.world.write(
        folder(OFFICE, 3, "gate: {canary: 'off'}\n"), f"{command.world.agent}_office"
    )
    command.world.repository.commit()
    assert command.ingest(), "what it writes is read"
    command.said("tune", command.world.agent)
    later = yaml.safe_load(file.read_text("utf-8"))["retrieval"]
    assert (later["limit"], "threshold" in later) == (12, False)
