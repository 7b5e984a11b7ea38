"""What a document says of its state and its rights, in every format, up to what is served."""

from pathlib import Path

from tests.doubles.said_in_formats import EVERYWHERE, PROPERTIES, document
from tests.doubles.writer_world import WriterWorld

SAID = {
    "open": {},
    "draft": {"status": "draft"},
    "hr": {"audience": "hr"},
    "future": {"effective": "2040-01-01"},
    "past": {"expires": "2020-01-01"},
    "typo": {"audiences": "hr"},
    "late": {"expiry_date": "2020-01-01"},
    "elsewhere": {"agent_id": "somebody_else"},
}
SERVED = {
    "open": (["everyone"], None, None),
    "hr": (["hr"], None, None),
    "future": (["everyone"], "2040-01-01T00:00:00Z", None),
    "past": (["everyone"], None, "2020-01-01T00:00:00Z"),
}
FATES = {"draft": "unpublished", "typo": "quarantined", "late": "quarantined", "elsewhere": "quarantined"}  # fmt: skip


def test_it_is_in_the_payload_or_nothing_is_served(world: WriterWorld):
    files = {f"{name}-{place}": document(place, {"title": place, **said})
             for name, said in SAID.items() for place in EVERYWHERE
             # Which keys a PDF has beside those that decide cannot be asked; Office names dates so.
             if not said.keys() & {"audiences", "expiry_date"}
             or (place != "info.pdf" and (name, place in PROPERTIES) != ("late", True))}  # fmt: skip
    world.write({"agent.yaml": "gate: {duplicates: off}\n"})
    live = world.publish(files)
    served = {
        Path(one["metadata"]["path"]).name: one["metadata"] for one in world.served().values()
    }
    assert served.keys() == {f"{name}-{place}" for name in SERVED for place in EVERYWHERE}
    for file, told in served.items():
        rights = (told["audience"], told["effective"], told["expires"])
        assert rights == SERVED[file.partition("-")[0]], file
        assert told["status"] == "published"
    placed = world.ledger.documents.placed(live.generation_id)
    for path, one in placed.items():
        name = Path(path).name.partition("-")[0]
        assert one.status == FATES.get(name, "published"), (path, one.reason)
        assert name not in FATES or one.reason
