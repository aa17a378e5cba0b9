"""A conversation that keeps its history right.

    session = Session(runner, "openai/gpt-5-mini", system="Be brief.")
    async with session.stream("Hello") as stream:
        async for text in stream.text():
            print(text, end="", flush=True)
    response = await session.send("And then?")

The modules, in the order in which data meets them:

    _asked                          what stands for a turn
    _history                        turns in order, and where exchanges begin
    _ledger                         what was spent
    _window, _summarise, _choosing  what of it is sent when it is too long
    _conversation                   what a session and its turns share
    _asking, _stream                one turn under way, and its handle
    _functions, _tool_loop          what a model may call, and the loop that runs it
    _session                        the public entry
"""

from ..turns import Turn
from ._asked import Asked
from ._choosing import ContextOptions
from ._functions import ToolFunction
from ._session import Session
from ._stream import SessionStream
from ._summarise import Summarise
from ._window import Strategy, Trim, Window

__all__ = [
    "Asked",
    "ContextOptions",
    "Session",
    "SessionStream",
    "Strategy",
    "Summarise",
    "ToolFunction",
    "Trim",
    "Turn",
    "Window",
]
