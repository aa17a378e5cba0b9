"""The process of a client: it takes orders, a line each, and answers with what they cost.

    python -m tests.benchmarks.worker CLIENT WIRE ADDRESS [--uvloop]

An order is a JSON list, a name of `MEASURES` and what it is given: `["token", 10000, 3]`. Before
any order it makes a first call, and says how much CPU time it took from nothing to that answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from importlib import import_module

from .client import Client, Make
from .figures import MEASURES, check
from .place import on_core, raise_files
from .server import OPEN_FILES

__all__ = ["main"]


def _client(module: str, wire: str, address: str) -> Client:
    make: Make = import_module(f".{module}", __package__).CLIENTS[wire]
    return make(address)


async def _serve(client: Client) -> None:
    """Do what is asked for; nothing else runs meanwhile, so it may block while it waits."""
    check(await client.stream("stream-10"), 10)
    print(time.process_time(), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(await MEASURES[name](client, *arguments), flush=True)
    await client.aclose()


def main() -> None:
    """Run until there are no more orders."""
    on_core(0)
    raise_files(OPEN_FILES)
    module, wire, address = sys.argv[1:4]
    if "--uvloop" in sys.argv:
        factory = import_module("uvloop").new_event_loop
    else:
        factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(_client(module, wire, address)))


if __name__ == "__main__":
    main()
