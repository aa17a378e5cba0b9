"""Headwater without `await`: for scripts, notebooks and threads.

    with Runner() as runner:
        with runner.stream_chat("openai/gpt-5-mini", "Write a haiku about rivers.") as stream:
            for text in stream.text():
                print(text, end="", flush=True)
        print(stream.response.usage)

The names and arguments are those of the asynchronous ones, which do the work: `await x.f(…)` is
`x.f(…)`, `async with` and `async for` lose their `async`, and `aclose` is `close`. Importing
`headwater` does not import this.

The modules, in the order in which a call goes through them:

    _runner, _session, _stream    the public entries, and the handle that a thread iterates
    _thread, _job                 the loop, and how work gets there
    _handover, _saying            how events come back
"""

from ._runner import Runner
from ._session import Session
from ._stream import ChatStream, SessionStream

__all__ = ["ChatStream", "Runner", "Session", "SessionStream"]
