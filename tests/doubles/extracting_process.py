"""A run of extraction on a generation that is there: in this process, or in one that is killed."""

from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.extraction.work import ExtractionWork, Outcome, Wish
from dagster_kb.resources.ledger import Ledger, open_ledger
from dagster_kb.resources.ledger_money import MoneyLedger
from kb_contract.extraction_settings import ExtractionSettings
from kb_contract.identifiers import DEFAULT_WORKSPACE


def read_out(ledger: Ledger, agent: str, models_file: str, run: str) -> Outcome:
    """Read what the live generation of an agent publishes, as its asset does."""
    generation = ledger.generations.live(agent)
    assert generation is not None
    desk = ExtractionDesk(MoneyLedger(ledger.database, ledger.workspace), "house", models_file)
    work = ExtractionWork(
        ledger.extractions, desk, generation, ExtractionSettings(enabled=True), run
    )
    return work.run(Wish())


def read_out_alone(database_url: str, agent: str, models_file: str, run: str) -> None:
    """The same, as all that a process does."""
    read_out(open_ledger(database_url, DEFAULT_WORKSPACE), agent, models_file, run)
