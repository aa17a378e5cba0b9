"""Calls through a real runner against a server that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from headwater import Runner
from headwater_anthropic import Anthropic

from .events import MESSAGE, START, STOP, TEXT, block, ended, said
from .server import Answer, Server, serving, sse

__all__ = ["EVENTS", "STREAM", "WHOLE", "failed", "given", "running"]

EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
WHOLE = {**MESSAGE, "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"}
STREAM = Answer(sse(START, *block(0, TEXT, said("Hi")), ended(), STOP), headers=EVENTS)


def given(value: object, status: int = 200, **headers: str) -> Answer:
    """Give an answer of JSON."""
    sent = {"content-type": "application/json"} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    return Answer(json.dumps(value).encode(), status, sent)


def failed(status: int, kind: str, message: str, **headers: str) -> Answer:
    """Give an error of the API."""
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return given(error, status, **headers)


@asynccontextmanager
async def running(*answers: Answer, **settings: Any) -> AsyncGenerator[tuple[Runner, Server], None]:
    """Run calls against a server that gives the answers."""
    async with serving(*answers) as server:
        provider = Anthropic(**{"api_key": "test-key", "base_url": server.url, **settings})
        async with Runner(providers={"claude": provider}) as runner:
            yield runner, server
