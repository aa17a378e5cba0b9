"""A server of prebuilt bytes, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

__all__ = ["body", "serving"]

_CHUNK = {
    "id": "chatcmpl-B0000000000000000000000000000",
    "object": "chat.completion.chunk",
    "created": 1780000000,
    "model": "bench-1",
    "service_tier": "default",
    "system_fingerprint": "fp_0000000000",
}
_USAGE = {"prompt_tokens": 10, "completion_tokens": 0, "total_tokens": 10}


def body(tokens: int) -> list[bytes]:
    """Give the events of a stream of so many tokens, about 330 bytes each, as OpenAI sends them."""
    padding = {"usage": None, "obfuscation": "x" * 24}
    events = []
    for number in range(tokens):
        choice = {"index": 0, "delta": {"content": f" word{number % 10}"}}
        choices = [{**choice, "logprobs": None, "finish_reason": None}]
        events.append({**_CHUNK, "choices": choices, **padding})
    end = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    events.append({**_CHUNK, "choices": [end], **padding})
    events.append({**_CHUNK, "choices": [], "usage": {**_USAGE, "completion_tokens": tokens}})
    lines = [json.dumps(event, separators=(",", ":")).encode() for event in events]
    return [b"data: " + line + b"\n\n" for line in [*lines, b"[DONE]"]]


def _whole() -> bytes:
    message = {"role": "assistant", "content": "word " * 200, "refusal": None}
    choices = [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    usage = {**_USAGE, "completion_tokens": 200}
    answer = {**_CHUNK, "object": "chat.completion", "choices": choices, "usage": usage}
    return json.dumps(answer).encode()


class _Server(asyncio.Protocol):
    """Answer any request with the bytes made for its `max_tokens`, or a whole answer."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, sent = self._received.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        if not separator or len(sent) < length:
            return
        self._received = b""
        is_stream = b'"stream":true' in sent.replace(b" ", b"")
        wanted = sent.partition(b"tokens-")[2].partition(b'"')[0]
        self._transport.write(self._answers[wanted if is_stream else b"whole"])


def _chunked(events: list[bytes]) -> bytes:
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    return head + b"".join(b"%x\r\n%s\r\n" % (len(e), e) for e in events) + b"0\r\n\r\n"


def _serve(sizes: list[int], ready: Connection) -> None:
    answers = {str(size).encode(): _chunked(body(size)) for size in sizes}
    whole = _whole()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    answers[b"whole"] = head % len(whole) + whole

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Server(answers), "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def serving(sizes: list[int]) -> Iterator[str]:
    """Run the server in a process, and give its base URL."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(sizes, there), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}/v1"
    finally:
        process.terminate()
        process.join()
