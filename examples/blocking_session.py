"""Converse without an event loop, and let the model call a function."""

import sys

from headwater import Event, ToolCallFinished
from headwater.blocking import Runner, Session


def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"It rains in {city}."


def show(event: Event) -> None:
    """Tell which function is called."""
    if isinstance(event, ToolCallFinished):
        print(f"[{event.name} {event.arguments}]")


def main(model: str) -> None:
    """Say two things, one after the other; the history keeps itself."""
    with Runner() as runner:
        session = Session(runner, model, system="Be brief.")
        with session.stream("Hello!") as stream:
            for text in stream.text():
                print(text, end="", flush=True)
        print()
        answer = session.run_tools("What is the weather in Oslo?", [weather], on_event=show)
        print(answer.text)
        print(f"{len(session.messages)} messages, {session.usage.total_tokens} tokens")


main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo")
