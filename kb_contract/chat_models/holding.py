"""Money that is held for a request, also where whoever wanted it gives up while waiting for it."""

import asyncio
from typing import Final

from kb_contract.chat_models.books import Books, Held, Order, Receipt
from kb_contract.chat_models.prices import Count
from kb_contract.chat_models.switchboard import Switchboard

NOTHING: Final = Count(0, 0)


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


async def _given_back(holding: asyncio.Future[Held], books: Books) -> None:
    """Nothing was sent: whoever waited for the money gave up."""
    await books.settle(Receipt(await holding, NOTHING, 0.0, "abandoned", 0.0))
