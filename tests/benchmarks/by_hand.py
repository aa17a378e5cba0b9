"""The least that does the work: aiohttp's `readany`, a split, typed msgspec."""

from __future__ import annotations

import aiohttp
import msgspec

from .measure import measured, run

_HEADERS = {"authorization": "Bearer bench", "content-type": "application/json"}


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


def _request(tokens: int, *, is_stream: bool) -> bytes:
    body: dict[str, object] = {"model": f"tokens-{tokens}", "stream": is_stream}
    body["messages"] = [{"role": "user", "content": "go"}]
    if is_stream:
        body["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(body)


async def _stream(session: aiohttp.ClientSession, url: str, tokens: int) -> None:
    seen, rest = 0, b""
    usage: Count | None = None
    reason: str | None = None
    async with session.post(url, data=_request(tokens, is_stream=True)) as response:
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
    assert usage is not None
    assert (seen, reason, usage.completion_tokens) == (tokens, "stop", tokens)


async def _whole(session: aiohttp.ClientSession, url: str) -> None:
    async with session.post(url, data=_request(0, is_stream=False)) as response:
        answer = decode_whole(await response.read())
    assert answer.usage.completion_tokens == 200


async def client(base_url: str, tokens: int, calls: int) -> float:
    """Measure calls of so many tokens; 0: without streaming."""
    url = f"{base_url}/chat/completions"
    async with aiohttp.ClientSession(headers=_HEADERS) as session:

        async def call() -> None:
            await (_stream(session, url, tokens) if tokens else _whole(session, url))

        return await measured(call, calls)


if __name__ == "__main__":
    run(client)
