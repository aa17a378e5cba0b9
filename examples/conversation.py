"""Hold a conversation: append each answer's message as it is."""

import asyncio
import sys

from headwater import Runner, system, user


async def main(model: str) -> None:
    """Say three things, and print what comes back."""
    messages = [system("Be kind and brief.")]
    async with Runner() as runner:
        for said in ("My dog ran away.", "He is always like that.", "Because he is bored."):
            messages.append(user(said))
            response = await runner.chat(model, messages)
            messages.append(response.message)
            print(f"> {said}\n{response.text}")


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "demo/eliza"))
