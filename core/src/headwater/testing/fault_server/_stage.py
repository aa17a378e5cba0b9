"""What all connections of a server share: what to answer, and what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final, TypeAlias

import attrs

from ._account import SeenConnection, SeenRequest
from ._changes import Changes
from ._steps import Script

Answer: TypeAlias = Script | Callable[[SeenRequest], Script]

CLOSE_S: Final = 30.0


@attrs.define(eq=False)
class Stage:
    """Hold what the connections of one server need and note.

    Attributes:
        answers: What to answer, request by request; the last is for all that follow.
        greeting: What is played as a connection is made.
        requests: The requests that came whole.
        connections: The connections that were made.
        transports: The ones that stand.
        tasks: The scripts that are being played.
        failures: What the test's own functions raised.
        changes: Wakes whoever waits for something to be seen.
        is_closing: The server lets go of what is left.
    """

    answers: list[Answer]
    greeting: Script
    requests: list[SeenRequest] = attrs.field(factory=list)
    connections: list[SeenConnection] = attrs.field(factory=list)
    transports: set[asyncio.Transport] = attrs.field(factory=set)
    tasks: set[asyncio.Task[None]] = attrs.field(factory=set)
    failures: list[Exception] = attrs.field(factory=list)
    changes: Changes = attrs.field(factory=Changes)
    is_closing: bool = False

    def script_for(self, request: SeenRequest) -> Script | None:
        """Give what to answer; None where the function that knows it failed."""
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not callable(answer):
            return answer
        try:
            return answer(request)
        except Exception as error:  # noqa: BLE001  # raised as the server is left
            self.failures.append(error)
            return None

    def start(self, playing: Coroutine[object, object, None]) -> None:
        """Play a script as a task."""
        task = asyncio.get_running_loop().create_task(playing)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self) -> None:
        """End all scripts and connections, and wait until they are gone."""
        self.is_closing = True
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for transport in self.transports:
            transport.abort()
        await self.changes.until(lambda: not self.transports, CLOSE_S)
