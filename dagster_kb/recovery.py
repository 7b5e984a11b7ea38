"""`python -m dagster_kb.recovery`: before writers start, what is served is put right.

Aliases go where the ledger says, and what Qdrant lost is made again; what went live and never
answered, because its writer died, is asked now.
"""

import logging
import sys
from contextlib import closing
from typing import Final

from dagster_kb.described_parts import embedder_of, store_of
from dagster_kb.publishing.live_canary import LiveCanary, make_up_all
from dagster_kb.publishing.made_again import NotMended, reconcile
from dagster_kb.resources.ledger import open_ledger
from dagster_kb.settings import load_settings
from kb_contract.errors import Unavailable

# Whoever works on an agent puts it right; the start waits no longer for that.
LOCK_PATIENCE: Final = 10

_log = logging.getLogger("dagster_kb.recovery")


def main() -> None:
    """Put right what is not, or say what does not answer."""
    logging.basicConfig(level=logging.INFO)
    try:
        left = put_right()
    except Unavailable as error:
        _log.error("%s", error)
        sys.exit(1)
    if left:
        _log.error("not mended, for what is said above: %s", ", ".join(left))
        sys.exit(1)


def put_right() -> list[str]:
    """Reconcile every agent, say what was not right, and return those that could not be mended."""
    settings = load_settings()
    ledger = open_ledger(
        settings.database_url.get_secret_value(), settings.workspace_id, lock_patience=LOCK_PATIENCE
    )
    store = store_of(settings)
    with closing(ledger.database):
        found = reconcile(ledger, store)
        silent = make_up_all(LiveCanary(ledger, store, embedder_of(settings, ledger.database)))
    for one in found:
        if not isinstance(one, NotMended) and one.action != "right":
            where = f" ({one.collection})" if one.collection else ""
            _log.warning("%s: %s%s", one.agent, one.action, where)
    for said in silent.values():
        _log.error("%s", said)
    _log.info("%d agent(s) looked at", len(found))
    return [one.agent for one in found if isinstance(one, NotMended)]


if __name__ == "__main__":
    main()
