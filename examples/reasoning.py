"""Watch a model think, and keep its thoughts for the next turn."""

import asyncio
import sys

from headwater import ReasoningDelta, Runner, TextDelta, user


async def main(model: str) -> None:
    """Stream thoughts and text, then go on with the same conversation."""
    messages = [user("How many rivers flow into the Black Sea?")]
    async with Runner() as runner:
        async with runner.stream_chat(model, messages, reasoning="low") as stream:
            async for event in stream:
                if isinstance(event, ReasoningDelta):
                    print(f"({event.text.strip()})", end=" ", flush=True)
                elif isinstance(event, TextDelta):
                    print(event.text, end="", flush=True)
        # The message holds signatures and sealed thoughts too, which some providers want back.
        messages += [stream.response.message, user("Which is the longest?")]
        print("\n" + (await runner.chat(model, messages, reasoning="low")).text)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo"))
