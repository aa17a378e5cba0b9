r"""A server on this machine that misbehaves as its script says, and keeps account of it.

    async with FaultServer(respond(b"data: a\n\n", Reset())) as server:
        ...  # call an application whose base URL is server.url
        assert server.connections[0].closing is Closing.SERVER_RESET

It needs neither pytest nor an HTTP library. What the providers say is in `payloads`.
"""

from ._account import Closing, SeenConnection, SeenRequest
from ._answers import LAST_CHUNK, PING, Framing, chunk, garbage, giant_line, head, respond
from ._server import FaultServer
from ._stage import Answer
from ._steps import Drip, End, Raw, Repeat, Reset, Script, Stall, Step, Wait, cut

__all__ = [
    "Answer",
    "Closing",
    "Drip",
    "End",
    "FaultServer",
    "Framing",
    "LAST_CHUNK",
    "PING",
    "Raw",
    "Repeat",
    "Reset",
    "Script",
    "SeenConnection",
    "SeenRequest",
    "Stall",
    "Step",
    "Wait",
    "chunk",
    "cut",
    "garbage",
    "giant_line",
    "head",
    "respond",
]
