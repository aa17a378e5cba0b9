"""An honest provider with a wire of its own keeps every promise, and so does one that can less."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import attrs

from headwater import ChatRequest, Event, UnsupportedFeature, hookimpl
from headwater.testing.conformance import Feature, ProviderConformance
from headwater.wire.transport import Transport

from .brook import BROOK
from .honest import Honest

_FILES = (Feature.DOCUMENTS, Feature.AUDIO, Feature.VIDEO)


class TestHonest(ProviderConformance):
    """The brook."""

    provider = staticmethod(lambda: Honest(ProviderConformance.key))
    model = "brook/small"
    dialect = BROOK
    unsupported = _FILES


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


class TestModest(ProviderConformance):
    """The brook, with less."""

    provider = Modest(Honest(ProviderConformance.key))
    model = "brook/small"
    dialect = BROOK
    unsupported = (*_FILES, Feature.WHOLE, Feature.TOOLS, Feature.TOOL_CHOICE, Feature.SYSTEM)
