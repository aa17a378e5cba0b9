"""The fault server of a chaos run, in a process of its own: `python -m tests.chaos.server SEED`.

It says on what port it listens, and, for each line that it is sent, what it has seen.
"""

from __future__ import annotations

import json
import sys
import time

from headwater.testing.fault_server import FaultServer

from .plan import Faults

LET_GO_S = 30.0


def main() -> None:
    """Serve until there is nobody to serve for."""
    faults = Faults(int(sys.argv[1]))
    with FaultServer(faults) as server:
        print(server.port, flush=True)
        for _ in sys.stdin:
            print(json.dumps(_report(server, faults)), flush=True)


def _report(server: FaultServer, faults: Faults) -> dict[str, int]:
    """Tell what was seen, once the connections have had the time to be seen to end."""
    since = time.monotonic()
    while _open(server) and time.monotonic() - since < LET_GO_S:
        time.sleep(0.02)
    return {
        "requests": len(server.requests),
        "reuses": server.reuses,
        "connections": len(server.connections),
        "open": _open(server),
        "streams": len(faults.attempts),
    }


def _open(server: FaultServer) -> int:
    return sum(seen.closed_at is None for seen in server.connections)


if __name__ == "__main__":
    main()
