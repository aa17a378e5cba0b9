"""Send a picture along."""

import asyncio
import base64
import sys

from headwater import Image, Runner, user

# A red square of one pixel; Image.from_path("photo.jpg") reads a file, Image.from_url names one.
RED = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"


async def main(model: str) -> None:
    """Ask what is in the picture."""
    picture = Image.from_bytes(base64.b64decode(RED), "image/png")
    async with Runner() as runner:
        response = await runner.chat(model, user(picture, "Which colour is this?"))
    print(response.text)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo"))
