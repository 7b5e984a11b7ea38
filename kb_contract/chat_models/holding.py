"""Money that is held for a request and settled after it, also where nobody waits for that any more."""

import asyncio
from typing import Final

import structlog

from kb_contract.chat_models.books import Books, Held, Order, Receipt
from kb_contract.chat_models.prices import Count
from kb_contract.chat_models.switchboard import Switchboard

log = structlog.get_logger(__name__)
NOTHING: Final = Count(0, 0)
# Books that are away are tried again so long; after that the row is settled as lost.
_PAUSES: Final = (0.5, 1.0, 2.0, 4.0)


async def held_for(order: Order, books: Books, board: Switchboard) -> Held:
    """Hold it; who gives up meanwhile holds none of it."""
    holding = asyncio.ensure_future(books.hold(order))
    try:
        return await asyncio.shield(holding)
    except BaseException:
        refused = holding.done() and (holding.cancelled() or holding.exception() is not None)
        if not refused:
            board.beside(_given_back(holding, books))
        raise


def settled(receipt: Receipt, books: Books, board: Switchboard) -> asyncio.Task[None]:
    """Settle it beside: what was answered does not hang on the books."""
    return board.beside(_settled(receipt, books))


async def _given_back(holding: asyncio.Future[Held], books: Books) -> None:
    """Nothing was sent: whoever waited for the money gave up."""
    await _settled(Receipt(await holding, NOTHING, 0.0, "abandoned", 0.0), books)


async def _settled(receipt: Receipt, books: Books) -> None:
    for pause in _PAUSES:
        try:
            await books.settle(receipt)
        except Exception as error:  # noqa: BLE001 - whatever keeps the books away, it may pass
            log.warning("not settled yet", call=receipt.held.call_id, error=repr(error)[:300])
            await asyncio.sleep(pause)
        else:
            return
    await books.settle(receipt)
