"""Recorded requests of Gemini asked again: the body that we send is the one that was sent.

What may differ, since the server takes both for the same:

- Names are in camelCase or in snake_case, words such as `mode` in upper or lower case.
- The turns of one role that follow each other are one turn; a turn without a role is the user's;
  `systemInstruction` has no role.
- A text that is empty and not signed is none, as is an object or a list that holds nothing;
  `thought: false` is the same as no such field.
- Results stand first in their turn, in the order of the calls, as Google asks, and have the ids
  that the calls have.
- `parameters` and `responseSchema`, the subset of OpenAPI, are `parametersJsonSchema` and
  `responseJsonSchema` with the names of types in capitals; a function without any has an empty
  object of them. The functions of several `functionDeclarations` are one list.
- `includeThoughts` is sent with each thinking level: who sets an effort wants to see the thoughts.
- A call that nobody signed has the signature that Google names for that, where models insist.
- A count's body stands by itself, or in `generateContentRequest` with the model's name.

Thinking budgets have no word of ours and go through `extra`. Left out: bodies that were recorded
without their files or with fields beside a file, and those that core refuses to ask: a role that
does not exist, a result without its call.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import attrs
import pytest

from headwater import ChatOptions, HeadwaterError, InvalidRequest, Message, Runner
from headwater.options import read_request
from headwater.wire.transport import HTTPRequest, ReadError, Response
from headwater_google import Google

from .asked import asked_of, essence

VARIABLE = "HEADWATER_RECORDINGS"
STREAM, COUNT = "gemini-stream", "gemini-count"
APIS = (STREAM, COUNT, "gemini-generate")

T = TypeVar("T")


@attrs.frozen
class Recording:
    """Hold what Google was once asked, and its answer."""

    name: str
    api: str
    request: Mapping[str, Any] = attrs.field(repr=False)
    status: int
    headers: Mapping[str, str]
    answer: bytes = attrs.field(repr=False)


@attrs.define(eq=False)
class Replay:
    """Carry requests to a recording, and keep them."""

    recording: Recording
    sent: list[HTTPRequest] = attrs.field(factory=list)

    @asynccontextmanager
    async def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AsyncGenerator[Response, None]:
        """Answer with what was recorded."""
        self.sent.append(request)
        chunks = iter([self.recording.answer])

        async def read_chunk() -> bytes:
            return next(chunks, b"")

        yield Response(self.recording.status, self.recording.headers, read_chunk)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait as long as it takes."""
        return await awaitable


def _recordings() -> list[Recording]:
    where = os.environ.get(VARIABLE)
    folders = [meta.parent for meta in sorted(Path(where).glob("*/*/meta.json"))] if where else []
    found = []
    for folder in folders:
        meta = json.loads((folder / "meta.json").read_bytes())
        request = json.loads((folder / "request.json").read_bytes()) or {}
        headers = {name.lower(): value for name, value in (meta["headers"] or {}).items()}
        answer = (folder / "response.body").read_bytes()
        name = f"{folder.parent.name}/{folder.name}"
        found.append(Recording(name, meta["api"], request, meta["status"], headers, answer))
    return [recording for recording in found if recording.api in APIS]


ALL = _recordings()

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")


def _is_ours_to_ask(recording: Recording) -> bool:
    """Tell whether the request is known whole, and a conversation by our rules."""
    body = recording.request.get("body")
    if not body or " omitted: " in json.dumps(body):
        return False
    try:
        read_request("p/m", *asked_of(body))
    except InvalidRequest:
        return False
    return True


async def _ask(
    runner: Runner, api: str, model: str, messages: Sequence[Message], options: ChatOptions
) -> None:
    if api == COUNT:
        await runner.count_usage(model, messages, **options)
    elif api == STREAM:
        async with runner.stream_chat(model, messages, **options) as stream:
            await stream.collect()
    else:
        await runner.chat(model, messages, **options)


@pytest.mark.parametrize(
    "recording", [pytest.param(one, id=one.name) for one in ALL if _is_ours_to_ask(one)]
)
async def test_what_was_asked_of_gemini_is_asked_again(recording: Recording) -> None:
    """The address is the one that was asked, and each field is there, and nothing else."""
    host, path, body = (recording.request[name] for name in ("host", "path", "body"))
    base, _, rest = path.partition("/models/")
    replay = Replay(recording)
    refused: HeadwaterError | None = None
    provider = Google("test-key", f"https://{host}{base}")
    async with Runner(providers={"p": provider}, transport=replay) as runner:
        try:
            await _ask(runner, recording.api, f"p/{rest.partition(':')[0]}", *asked_of(body))
        except HeadwaterError as error:
            refused = error
    assert replay.sent, refused
    sent = replay.sent[0]
    ours, theirs = essence(json.loads(sent.body or b"")), essence(body)
    if "model" not in theirs:
        ours.pop("model", None)
    assert ours == theirs
    assert urlsplit(sent.url).path == path
