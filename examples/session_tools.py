"""Hold a conversation that keeps its own history, and let the model call a function."""

import asyncio
import sys

from headwater import Runner
from headwater.session import Session


def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"sunny, 21 degrees in {city}"


async def main(model: str) -> None:
    """Say a few things, change one's mind, and ask for something that takes a function."""
    async with Runner() as runner:
        session = Session(runner, model, system="Be brief.", max_context_tokens=8_000)
        for said in ("My dog ran away.", "He is always like that."):
            print(f"> {said}")
            async with session.stream(said) as stream:
                async for text in stream.text():
                    print(text, end="", flush=True)
            print()
        print("again:", (await session.retry().collect()).text)
        print("instead:", (await session.edit("He came back!").collect()).text)
        response = await session.run_tools("Use weather: how is it in Lisbon?", [weather])
        print(response.text)
        print(f"{len(session.turns)} turns, {session.usage.total_tokens} tokens")


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo"))
