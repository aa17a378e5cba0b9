"""Give the runner a provider object of your own."""

import asyncio
from collections.abc import AsyncGenerator

from headwater import ChatRequest, Event, Finished, FinishReason, Runner, TextDelta, hookimpl
from headwater.wire.transport import Transport


class Backwards:
    """Answer with the words of the prompt in reverse."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream the words, last first."""
        for word in reversed(request.messages[-1].text.split()):
            await transport.wait(asyncio.sleep(0))  # what is awaited goes through the transport
            yield TextDelta(f"{word} ")
        yield Finished(FinishReason.STOP)


async def main() -> None:
    """Name the provider like any other."""
    async with Runner(providers={"backwards": Backwards()}) as runner:
        print((await runner.chat("backwards/any", "rivers flow to the sea")).text)


asyncio.run(main())
