"""A plugin that breaks its contract: named, contained, and nothing of it left."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from headwater import (
    Event,
    Finished,
    FinishReason,
    PluginError,
    Started,
    StreamInterrupted,
    TextDelta,
    ToolCallStarted,
    Usage,
)
from headwater.testing.fault_server import Stall
from headwater.testing.payloads import Wire
from headwater.wire.transport import Transport

from ..odd import Odd, Says
from ..test_faults_contained import Keeps
from .scenario import Ends, Scenario, begun, chapter, cut_after

END = Finished(FinishReason.STOP, "stop", Usage(1, 1))
A = TextDelta("a")
CALL = ToolCallStarted("c1", "search")

SAYS: dict[str, tuple[list[object], str]] = {
    "yields what is no event": (["text"], "yielded str"),
    "yields None after an event": ([Started(), None], "yielded NoneType"),
    "begins twice": ([Started(), Started(), END], "yielded Started"),
    "ends twice": ([END, END], "Finished after Finished"),
    "goes on after the end": ([END, A], "TextDelta after Finished"),
    "ends with a tool call open": ([CALL, END], "while tool calls were open"),
}


async def _stops() -> AsyncGenerator[Event, None]:
    yield A
    raise StopAsyncIteration


async def _breaks() -> AsyncGenerator[Event, None]:
    yield A
    raise KeyError("oops")


HOOKS: dict[str, tuple[Callable[[Transport], object], str, str]] = {
    "gives a list in place of a generator": (lambda _: [END], "", "list"),
    "gives None": (lambda _: None, "", "NoneType"),
    "raises StopAsyncIteration": (lambda _: _stops(), "a", ""),
    "raises an exception of its own": (lambda _: _breaks(), "a", "KeyError"),
}

CHAPTER = chapter(
    "Plugins",
    *(
        Scenario(
            name=f"a plugin that {name}",
            plays=lambda _: [],
            provider=lambda _, said=said: Says(said),  # type: ignore[misc]
            raises=PluginError,
            says=what,
            requests=0,
            ends=Ends.NONE,
            shown="a" if said[0] is A else "",
        )
        for name, (said, what) in SAYS.items()
    ),
    *(
        Scenario(
            name=f"a plugin that {name}",
            plays=lambda _: [],
            provider=lambda _, hook=hook: Odd(hook),  # type: ignore[misc]
            raises=PluginError,
            says=what,
            requests=0,
            ends=Ends.NONE,
            shown=shown,
        )
        for name, (hook, shown, what) in HOOKS.items()
    ),
    Scenario(
        name="a plugin that returns before the end",
        plays=lambda _: [],
        provider=lambda _: Says([A]),
        raises=StreamInterrupted,
        shown="a",
        requests=0,
        ends=Ends.NONE,
    ),
    Scenario(
        name="a plugin that leaves its response open",
        plays=cut_after(begun, Stall()),
        provider=Keeps,
        shown="",
        caller="what the plugin says",
        ends=Ends.CLIENT,
    ),
    wires=(Wire.CHAT_COMPLETIONS,),
)
