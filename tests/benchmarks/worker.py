"""The process of a client: it takes orders, a line each, and answers with what they cost.

    python -m tests.benchmarks.worker CLIENT WIRE ADDRESS [--uvloop]

An order is a JSON object `{"figure": "token", "times": 3}`, and `times` 0 asks to warm up.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module

from .client import Client, Make
from .figures import FIGURES
from .place import on_core, raise_files

__all__ = ["MODULES"]

MODULES = {"by hand": "by_hand", "headwater": "ours"}


def _client(name: str, wire: str, address: str) -> Client:
    module = import_module(f".{MODULES.get(name, name)}", __package__)
    make: Make = module.CLIENTS[wire]
    return make(address)


async def _serve(client: Client) -> None:
    """Do what is asked for; nothing else runs meanwhile, so it may block while it waits."""
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        figure = FIGURES[order["figure"]]
        if figure.turns > 1:  # what is long, or needs a fresh process, is not warmed up
            await figure.measure(client, 1)
        print(json.dumps(await figure.measure(client, order["times"])), flush=True)
    await client.aclose()


def main() -> None:
    """Run until there are no more orders."""
    on_core(0)
    raise_files(8192)
    name, wire, address = sys.argv[1:4]
    serving = _serve(_client(name, wire, address))
    if "--uvloop" in sys.argv:
        uvloop = import_module("uvloop")
        asyncio.Runner(loop_factory=uvloop.new_event_loop).run(serving)
    else:
        asyncio.run(serving)


if __name__ == "__main__":
    main()
