"""Stream an answer without an event loop: in a script, a notebook, or any thread."""

import sys

from headwater.blocking import Runner


def main(model: str) -> None:
    """Print the answer of a model as it comes, and another one whole."""
    with Runner() as runner:
        with runner.stream_chat(model, "Write a haiku about rivers.") as stream:
            for text in stream.text():
                print(text, end="", flush=True)
        usage = stream.response.usage
        print(f"\n{usage.input_tokens} tokens in, {usage.output_tokens} out ({usage.provenance})")
        print(runner.chat(model, "And one about the sea.").text)


main(sys.argv[1] if len(sys.argv) > 1 else "demo/echo")
