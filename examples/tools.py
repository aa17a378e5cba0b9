"""Let the model call a function, and give it the result."""

import asyncio
import sys

from headwater import Runner, Tool, tool_result, user


def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"sunny, 21 degrees in {city}"


async def main(model: str) -> None:
    """Ask, run what the model asks for, and print its answer."""
    tools = [Tool.from_function(weather)]
    messages = [user("Use the tool weather: what is it like in Lisbon?")]
    async with Runner() as runner:
        response = await runner.chat(model, messages, tools=tools)
        messages.append(response.message)
        for call in response.tool_calls:
            if call.arguments is None:
                result = tool_result(call.call_id, "the arguments are no JSON object", True)
            else:
                result = tool_result(call.call_id, weather(str(call.arguments["city"])))
            messages.append(result)
        print((await runner.chat(model, messages, tools=tools)).text)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo"))
