"""A conversation that keeps its history right.

    session = Session(runner, "openai/gpt-5-mini", system="Be brief.")
    async with session.stream("Hello") as stream:
        async for text in stream.text():
            print(text, end="", flush=True)
    response = await session.send("And then?")

The modules, in the order in which data meets them:

    asked             what stands for a turn
    history           turns in order, and where exchanges begin
    ledger            what was spent
    window, summarise, choosing    what of it is sent when it is too long
    conversation      what a session and its turns share
    asking, stream    one turn under way, and its handle
    functions, tool_loop           what a model may call, and the loop that runs it
    session           the public entry
"""

from ..turns import Turn
from .asked import Asked
from .choosing import ContextOptions
from .functions import ToolFunction
from .session import Session
from .stream import SessionStream
from .summarise import Summarise
from .window import Strategy, Trim, Window

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
