"""`python -m dagster_kb.recovery`: put aliases where the ledger says, before writers start."""

import logging

from dagster_kb.alias_moves import reconcile
from dagster_kb.definitions import ledger_of, store_of
from dagster_kb.settings import load_settings

_log = logging.getLogger("dagster_kb.recovery")


def main() -> None:
    """Reconcile every agent, and say what was not right."""
    logging.basicConfig(level=logging.INFO)
    settings = load_settings()
    ledger = ledger_of(settings)
    found = reconcile(ledger, store_of(settings))
    ledger.database.close()
    for one in found:
        if one.action != "right":
            _log.warning("%s: %s (%s)", one.agent, one.action, one.collection)
    _log.info("%d agent(s) looked at", len(found))


if __name__ == "__main__":
    main()
