"""Keep what had come when an answer breaks off."""

import asyncio
import sys

from headwater import ConfigurationError, HeadwaterError, Runner, TextDelta


async def main(model: str) -> None:
    """Stream with little time, and print what came of it."""
    async with Runner() as runner:
        stream = runner.stream_chat(model, "one two three four five", total_s=0.1)
        try:
            async with stream:
                async for event in stream:
                    if isinstance(event, TextDelta):
                        print(event.text, end="", flush=True)
        except ConfigurationError as error:
            print(f"set it up first: {error}")
        except HeadwaterError as error:
            came = error.partial.text if error.partial else ""
            print(f"\n{type(error).__name__} after {len(came.split())} words: {error}")


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo"))
