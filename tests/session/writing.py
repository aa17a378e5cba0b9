"""A process that converses and says which answers it was given, to be killed in the middle.

Arguments: the database, how many turns (0: without end), and what the prompts begin with.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count

from headwater import Runner
from headwater.session import Session
from headwater.store import Store
from headwater_demo import Demo


async def main(path: str, turns: int, name: str) -> None:
    """Go on with the last conversation of this name, if there is one."""
    async with Runner(providers={"demo": Demo(delay_s=0)}) as runner, Store(path) as store:
        kept = [c.id for c in await store.conversations() if c.title.startswith(name)]
        session = (
            await Session.resume(runner, store, kept[0])
            if kept
            else Session(runner, "demo/echo", store=store)
        )
        print("ready", flush=True)
        for number in range(turns) if turns else count(len(session.turns)):
            response = await session.send(f"{name} {number} " + "and so on " * 20)
            print(" ".join(response.text.split()[:2]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
