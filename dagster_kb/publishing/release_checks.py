"""The gates between a collection and its alias: one list.

The asset checks run them so that people see them; the swap runs them again, because a check
blocks only the run that it is part of. Each gate is a pure function in `dagster_kb.gates`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dagster_kb.gates.canary import finds_canary
from dagster_kb.gates.change import keeps_size, no_duplicates, quotes_hold
from dagster_kb.gates.evidence import Evidence, Size
from dagster_kb.gates.golden import as_good_as_live, finds_golden
from dagster_kb.gates.injection import no_injection
from dagster_kb.gates.personal_data import no_personal_data
from dagster_kb.gates.secrets import no_secrets
from dagster_kb.gates.verdicts import Json, Verdict
from dagster_kb.gates.whole import has_points, keeps_contract, same_space

__all__ = ["GATES", "Gate", "Json", "Verdict"]


@dataclass(frozen=True)
class Gate:
    """A named question about a collection."""

    name: str
    asks: str
    look: Callable[[Evidence], Verdict]
    doubts_collection: bool = False
    """Whether a failure means that the collection itself is not what it should be."""
    takes_long: bool = False
    """Whether it takes long; one run asks it once as long as nobody wrote meanwhile."""
    searches: bool = False
    """Whether it asks questions, which a collection that was refused already cannot answer."""
    asked_of_nothing: bool = False
    """Whether it is asked too where nothing is published any more."""
    blocking: bool = True
    """Whether it refuses unless agent.yaml says otherwise; the others warn."""


def _chunks(size: Size | None) -> int | None:
    return size.chunks if size else None


GATES: Final = (
    Gate(
        "keeps_contract",
        "Payloads have the version and the fields that readers expect.",
        lambda evidence: keeps_contract(evidence.sample()),
        doubts_collection=True,
    ),
    Gate(
        "has_points",
        "The collection is not empty.",
        lambda evidence: has_points(
            evidence.count(), evidence.size().documents, _chunks(evidence.size_of_live())
        ),
    ),
    Gate(
        "holds_exactly",
        "Every chunk of the manifest is there with its payload, and no other.",
        lambda evidence: evidence.exactness(),
        doubts_collection=True,
        takes_long=True,
    ),
    Gate(
        "same_space",
        "Vectors are of the generation's model, weights and dimension.",
        lambda evidence: same_space(*evidence.spaces()),
        doubts_collection=True,
    ),
    Gate(
        "finds_golden",
        "The questions of golden.yaml find the passages that they must.",
        finds_golden,
        searches=True,
    ),
    Gate(
        "as_good_as_live",
        "The questions of golden.yaml find their passages as near to the top as what is live.",
        as_good_as_live,
        searches=True,
    ),
    Gate(
        "finds_canary",
        "Questions made of changed documents find those documents.",
        finds_canary,
        takes_long=True,
        searches=True,
    ),
    Gate(
        "quotes_hold",
        "What can be quoted stands in git at those very characters.",
        quotes_hold,
        takes_long=True,
    ),
    Gate(
        "keeps_size",
        "The agent does not suddenly know much less than before.",
        keeps_size,
        asked_of_nothing=True,
    ),
    Gate(
        "no_secrets",
        "No new passage holds a key, a token or a password.",
        no_secrets,
        takes_long=True,
    ),
    Gate(
        "no_personal_data",
        "No new passage holds an e-mail address, a card, an IBAN or a social security number.",
        no_personal_data,
        takes_long=True,
        blocking=False,
    ),
    Gate(
        "no_injection",
        "No new passage speaks to a model, or hides what it says.",
        no_injection,
        takes_long=True,
        blocking=False,
    ),
    Gate(
        "no_duplicates",
        "Few passages stand in several documents word for word.",
        no_duplicates,
        takes_long=True,
        blocking=False,
    ),
)
