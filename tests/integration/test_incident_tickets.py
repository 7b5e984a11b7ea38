"""`kb incidents` says what a ticket of each would say, and leads to the tracker that is set."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.doubles.writer_world import WriterWorld

TRACKER = "https://git.example.org/team/repo/issues/new?title={title}&body={body}"


def incidents(world: WriterWorld, home: Path, *options: str, tracker: str = "") -> str:
    environment = {
        **os.environ, "DATABASE_URL": world.settings.database_url.get_secret_value(),
        "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(home), "INCIDENT_URL": tracker,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "kb", "incidents", *options], env=environment, text=True,
        capture_output=True, check=True,
    ).stdout  # fmt: skip


def test_an_open_incident_leads_to_a_ticket_that_is_filled_in(world: WriterWorld, tmp_path: Path):
    world.publish({"page.md": "# Page\n\nWords.\n"})
    world.ledger.incidents.open(
        world.agent, "rollback", "it said what is [wrong]", "mend it", by="ann"
    )
    (told,) = json.loads(incidents(world, tmp_path, "--json", tracker=TRACKER))["incidents"]
    form = parse_qs(urlsplit(told["ticket"]["link"]).query)
    assert form == {"title": [f"{world.agent}: it said what is [wrong]"],
                    "body": [told["ticket"]["body"]]}  # fmt: skip
    assert f"ticket: {told['ticket']['link']}" in incidents(world, tmp_path, tracker=TRACKER)
    assert "ticket:" not in incidents(world, tmp_path)
