"""Headwater with its default middleware, event by event."""

from __future__ import annotations

from headwater import Event, Finished, Runner, TextDelta
from headwater_chat_completions import ChatCompletions

from .measure import measured, run


async def _stream(runner: Runner, tokens: int) -> None:
    seen = 0
    last: Event | None = None
    async with runner.stream_chat(f"bench/tokens-{tokens}", "go") as events:
        async for event in events:
            if type(event) is TextDelta:
                seen += 1
            last = event
    assert isinstance(last, Finished)
    assert last.usage is not None
    assert (seen, last.raw_reason, last.usage.output_tokens) == (tokens, "stop", tokens)


async def _whole(runner: Runner) -> None:
    response = await runner.chat("bench/whole", "go")
    assert response.usage.output_tokens == 200


async def client(base_url: str, tokens: int, calls: int) -> float:
    """Measure calls of so many tokens; 0: without streaming."""
    provider = ChatCompletions(base_url=base_url, api_key="bench")
    async with Runner(providers={"bench": provider}) as runner:

        async def call() -> None:
            await (_stream(runner, tokens) if tokens else _whole(runner))

        return await measured(call, calls)


if __name__ == "__main__":
    run(client)
