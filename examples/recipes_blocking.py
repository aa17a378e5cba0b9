"""The recipes of the classic tutorials without an event loop; `recipes.py` has them with one."""

import sys
import time

from headwater import HeadwaterError, TextDelta
from headwater.blocking import Runner, Session

PROMPT = "Write three lines about rivers, and one about the sea."


def print_as_it_arrives(runner: Runner, model: str) -> None:
    """Show each piece at once."""
    with runner.stream_chat(model, PROMPT) as stream:
        for text in stream.text():
            print(text, end="", flush=True)
    print()


def aggregate(runner: Runner, model: str) -> None:
    """Read to the end, and take the answer."""
    response = runner.stream_chat(model, PROMPT).collect()
    print(f"{len(response.text)} characters, {response.finish_reason}: {response.usage}")


def progress_dots(runner: Runner, model: str) -> None:
    """Show that something comes, then what."""
    with runner.stream_chat(model, PROMPT) as stream:
        for event in stream:
            if isinstance(event, TextDelta):
                print(".", end="", flush=True)
    print(f"\n{stream.response.text}")


def live_token_count(runner: Runner, model: str) -> None:
    """Count while the answer comes: an estimate, until the provider has counted."""
    with Session(runner, model).stream(PROMPT) as stream:
        for _ in stream:
            print(f"\r{stream.usage.output_tokens or 0} tokens", end="", flush=True)
    print(f"\n{stream.usage.output_tokens} tokens ({stream.usage.provenance})")


def speak(text: str) -> None:
    """Stand for a function of yours."""
    print(f"[{text.strip()}]", end=" ", flush=True)


def callback_per_token(runner: Runner, model: str) -> None:
    """Hand each piece to a function."""
    with runner.stream_chat(model, PROMPT) as stream:
        for text in stream.text():
            speak(text)
    print()


def time_to_first_token(runner: Runner, model: str) -> None:
    """Look at how fast it came."""
    stream = runner.stream_chat(model, PROMPT)
    stream.collect()
    metrics = stream.metrics
    print(f"first content after {metrics.first_content_s:.3f} s, all after {metrics.total_s:.3f} s")


def early_stop(runner: Runner, model: str) -> None:
    """Stop when it is enough: the connection is closed, and the provider stops."""
    with runner.stream_chat(model, PROMPT) as stream:
        for text in stream.text():
            if "," in text:
                break
    print(f"{stream.response.text} … ({stream.response.finish_reason})")


def an_error_in_mid_stream(runner: Runner, _model: str) -> None:
    """Keep what had come; this model of the demo always breaks off."""
    try:
        runner.stream_chat("demo/fault-cut-after-3", PROMPT).collect()
    except HeadwaterError as error:
        came = error.partial.text if error.partial else ""
        print(f"{type(error).__name__} after {came!r}")


RECIPES = (
    print_as_it_arrives,
    aggregate,
    progress_dots,
    live_token_count,
    callback_per_token,
    time_to_first_token,
    early_stop,
    an_error_in_mid_stream,
)


def main(model: str) -> None:
    """Go through the recipes."""
    with Runner() as runner:
        for recipe in RECIPES:
            print(f"--- {recipe.__name__.replace('_', ' ')}")
            recipe(runner, model)


began = time.monotonic()
main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo")
print(f"--- all of it took {time.monotonic() - began:.1f} s")
