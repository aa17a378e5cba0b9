"""Get an answer in the shape of a class."""

import asyncio
import sys

import attrs
import msgspec

from headwater import Runner


@attrs.define
class River:
    """What we want to know."""

    name: str
    length_km: int
    countries: list[str]


async def main(model: str) -> None:
    """Ask for a river, and print the object."""
    async with Runner() as runner:
        response = await runner.chat(model, "The longest river of Europe?", response_format=River)
    print(msgspec.json.decode(response.text, type=River))


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo"))
