"""Recorded requests of Responses asked again: the body that we send is the one that was sent.

What may differ, since the server takes both for the same:

- `instructions` is a system message at the head of the input, as our encoder always sends it; the
  role of one is "system" or "developer", as the server's row declares.
- Content and a tool's output are a text, or a list with one text; an item without a type is a
  message; an empty text is none.
- A field that is null, or an empty list, and `stream: false`, are the same as none.
- A tool's `strict` has no field of ours: false is sent on purpose, since the server would rewrite
  the schema otherwise. A description of null is an empty one.
- `store: false` and `include` of sealed reasoning are sent where nobody asked, and `summary: auto`
  where an effort is: the conversation is kept here, and its reasoning with it.
- So reasoning that is neither sealed nor open is not sent back to a server that stores nothing.
- A text goes back without what the server noted about it (annotations, log probabilities), the
  result of a call without an id of its own.

A limit below the server's least goes through `extra`, since the option refuses it before it is
sent. Left out: bodies that were recorded without their files, or with files that only their ids
name, and those that core refuses to ask: a result without its call, a number out of its range.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from headwater import HeadwaterError, InvalidRequest, Runner
from headwater.options import read_request
from headwater_openai import OpenAI
from headwater_responses import Responses
from headwater_xai import XAI

from .asked import Asked
from .asked_responses import asked_of, essence
from .recording import VARIABLE, Recording, recordings
from .replay import replayed

COUNT = "openai-input-tokens"
ALL = [*recordings("openai-responses"), *recordings(COUNT)]

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")

# Providers with a package of their own, told to speak this dialect; the rest have the generic one.
PROVIDERS: Mapping[str, Callable[..., object]] = {
    "openai": OpenAI,
    "xai": partial(XAI, api="responses"),
}
ORIGINS: Mapping[str, str] = {"openai": "openai-responses", "xai": "xai-responses"}
SENT_UNASKED: Mapping[str, object] = {
    "store": False,
    "include": ["reasoning.encrypted_content"],
}


def _read(recording: Recording) -> Asked | None:
    """Read the request; None where it is not known whole, or no conversation by our rules."""
    if not recording.asked or " omitted: " in json.dumps(recording.asked):
        return None
    try:
        asked = asked_of(recording.asked, ORIGINS.get(recording.provider, "responses"))
        read_request(f"p/{recording.asked.get('model', '')}", asked.messages, asked.options)
    except InvalidRequest:
        return None
    extra = dict(asked.options["extra"] or {})
    if recording.status < 400 and extra.get("include") == SENT_UNASKED["include"]:
        del extra["include"]  # the server took it, so that it is for us to ask for it
    return Asked(asked.messages, {**asked.options, "extra": extra})


def _provider(recording: Recording, url: str) -> object:
    make = PROVIDERS.get(recording.provider, Responses)
    return make(base_url=url, api_key="test-key")


async def _ask(runner: Runner, recording: Recording, asked: Asked) -> None:
    body = recording.asked or {}
    model = f"p/{body['model']}"
    if recording.api == COUNT:
        await runner.count_usage(model, asked.messages, **asked.options)
    elif body.get("stream"):
        async with runner.stream_chat(model, asked.messages, **asked.options) as stream:
            await stream.collect()
    else:
        await runner.chat(model, asked.messages, **asked.options)


@pytest.mark.parametrize(
    ("recording", "asked"),
    [pytest.param(one, asked, id=one.name) for one in ALL if (asked := _read(one)) is not None],
)
async def test_what_was_asked_of_responses_is_asked_again(
    recording: Recording, asked: Asked
) -> None:
    """Each field of a recorded request is in ours, and nothing is but what is sent on purpose."""
    received: list[dict[str, Any]] = []
    refused: HeadwaterError | None = None
    async with (
        replayed(recording, received) as url,
        Runner(providers={"p": _provider(recording, url)}) as runner,
    ):
        try:
            await _ask(runner, recording, asked)
        except HeadwaterError as error:
            refused = error
    assert received, refused
    ours, theirs = essence(received[0]), essence(recording.asked or {})
    unasked = {} if recording.api == COUNT else SENT_UNASKED
    assert {key: ours.get(key) for key in theirs} == theirs
    assert {key: ours[key] for key in ours.keys() - theirs.keys()}.items() <= unasked.items()
