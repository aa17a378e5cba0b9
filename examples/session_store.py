"""Keep conversations in a database, find them, go on with one, and limit what it may use."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from headwater import BudgetExceeded, Runner
from headwater.middleware import Budget, Deadline, Log, Middleware, Retry, Timeout
from headwater.session import Session
from headwater.store import Store


async def main(model: str, path: Path) -> None:
    """Hold two conversations, and take up the first again until the budget is used up."""
    layers: list[Middleware] = [Log(), Budget(max_tokens=400), Deadline(), Retry(), Timeout()]
    async with Runner(middleware=layers) as runner, Store(path) as store:
        for topic in ("rivers", "dogs"):
            session = Session(runner, model, store=store)
            await session.send(f"Tell me of {topic}.")
        for found in await store.search("river"):
            print(found.conversation_id, found.excerpt)
        session = await Session.resume(runner, store, found.conversation_id)
        try:
            while True:
                await session.send("And then?")
        except BudgetExceeded as error:
            print(error)
        for kept in await store.conversations():
            print(kept.id, kept.title, kept.turn_count, kept.usage.total_tokens, kept.cost_usd)


with TemporaryDirectory() as folder:
    asyncio.run(
        main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo", Path(folder) / "conversations.db")
    )
