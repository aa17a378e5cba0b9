"""Stream an answer, and say what it used."""

import asyncio
import sys

from headwater import Runner


async def main(model: str) -> None:
    """Print the answer of a model as it comes."""
    prompt = "Write a haiku about rivers."
    async with Runner() as runner, runner.stream_chat(model, prompt) as stream:
        async for text in stream.text():
            print(text, end="", flush=True)
    usage = stream.response.usage
    print(f"\n{usage.input_tokens} tokens in, {usage.output_tokens} out ({usage.provenance})")


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo"))
