"""A provider that can less than the honest one, and says so."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import attrs

from headwater import ChatRequest, Event, UnsupportedFeature, hookimpl
from headwater.wire.transport import Transport

from .honest import Honest


@attrs.define(eq=False)
class Modest:
    """Stream the brook's answers, and have no tools, no system message and no `chat`."""

    honest: Honest

    info = Honest.info

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream the answer."""
        if request.tools:
            raise UnsupportedFeature("no tools here")
        async with aclosing(self.honest.stream_chat(request, transport)) as events:
            async for event in events:
                yield event
