"""The clients that are measured: one written by hand for this wire, and Headwater."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["CLIENTS", "Measure"]

Measure = dict[str, float]
_HEADERS = {"authorization": "Bearer bench", "content-type": "application/json"}


def _request(tokens: int, *, stream: bool) -> dict[str, Any]:
    options = {"stream_options": {"include_usage": True}} if stream else {}
    messages = [{"role": "user", "content": "go"}]
    return {"model": f"tokens-{tokens}", "messages": messages, "stream": stream, **options}


async def by_hand(base_url: str, tokens: int, calls: int) -> Measure:
    """Read with aiohttp, split, decode with typed msgspec: the least that does the work."""
    import aiohttp
    import msgspec

    class Delta(msgspec.Struct):
        content: str | None = None

    class Choice(msgspec.Struct):
        delta: Delta
        finish_reason: str | None = None

    class Count(msgspec.Struct):
        prompt_tokens: int
        completion_tokens: int

    class Chunk(msgspec.Struct):
        choices: list[Choice]
        usage: Count | None = None

    class Message(msgspec.Struct):
        content: str

    class WholeChoice(msgspec.Struct):
        message: Message
        finish_reason: str

    class Whole(msgspec.Struct):
        choices: list[WholeChoice]
        usage: Count

    decode = msgspec.json.Decoder(Chunk).decode
    decode_whole = msgspec.json.Decoder(Whole).decode
    url = f"{base_url}/chat/completions"
    async with aiohttp.ClientSession(headers=_HEADERS) as session:

        async def stream() -> None:
            seen, usage, reason, rest = 0, None, None, b""
            sent = msgspec.json.encode(_request(tokens, stream=True))
            async with session.post(url, data=sent) as response:
                while part := await response.content.readany():
                    *events, rest = (rest + part).split(b"\n\n")
                    for event in events:
                        data = event[6:]
                        if data == b"[DONE]":
                            continue
                        chunk = decode(data)
                        for choice in chunk.choices:
                            seen += bool(choice.delta.content)
                            reason = choice.finish_reason or reason
                        usage = chunk.usage or usage
            assert (seen, reason, usage and usage.completion_tokens) == (tokens, "stop", tokens)

        async def whole() -> None:
            sent = msgspec.json.encode(_request(tokens, stream=False))
            async with session.post(url, data=sent) as response:
                answer = decode_whole(await response.read())
            assert answer.usage.completion_tokens == 200

        return await _measured(stream if tokens else whole, calls)


async def headwater(base_url: str, tokens: int, calls: int) -> Measure:
    """Stream through the default middleware, event by event."""
    from headwater import Finished, Runner, TextDelta
    from headwater_chat_completions import ChatCompletions

    provider = ChatCompletions(base_url=base_url, api_key="bench")
    async with Runner(providers={"bench": provider}) as runner:

        async def stream() -> None:
            seen, last = 0, None
            async with runner.stream_chat(f"bench/tokens-{tokens}", "go") as events:
                async for event in events:
                    if type(event) is TextDelta:
                        seen += 1
                    last = event
            assert isinstance(last, Finished)
            assert last.usage is not None
            assert (seen, last.raw_reason, last.usage.output_tokens) == (tokens, "stop", tokens)

        async def whole() -> None:
            response = await runner.chat("bench/whole", "go")
            assert response.usage.output_tokens == 200

        return await _measured(stream if tokens else whole, calls)


async def _measured(call: Callable[[], Awaitable[None]], calls: int) -> Measure:
    """Give the CPU time of this process for so many calls, after a few to warm up."""
    for _ in range(3):
        await call()
    began = time.process_time()
    for _ in range(calls):
        await call()
    return {"cpu_s": (time.process_time() - began) / calls}


CLIENTS = {"by hand": by_hand, "headwater": headwater}

if __name__ == "__main__":
    import asyncio
    import json

    name, base_url, tokens, calls = sys.argv[1:5]
    measure = asyncio.run(CLIENTS[name](base_url, int(tokens), int(calls)))
    sys.stdout.write(json.dumps(measure))
