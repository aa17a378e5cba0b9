"""Recorded requests of Ollama asked again: the body that we send is the one that was sent.

What may differ, since the server takes both for the same:

- Ollama streams where nothing is said: ours says so.
- A field that is null, or a text, a list or an object that holds nothing, is the same as none.
- Sampling stands in `options` or at the top, where our encoder takes it from `extra` and puts it
  into `options`, since the server reads it there alone; one `stop` text is a list of one.
- A result has the name of its tool, which older clients leave to the order of the calls; calls and
  results have no ids on this wire, so that those of other dialects are not sent.

`think: true` and a length without limit have no word of ours and go through `extra`. Left out:
bodies that were recorded without their files, and those that core refuses to ask: a result without
its call, a number out of its range.
"""

from __future__ import annotations

import json

import pytest

from headwater import HeadwaterError, InvalidRequest
from headwater.options import read_request

from .asked import asked_of, essence
from .loopback import asking
from .recording import VARIABLE, Recording, recordings

ALL = recordings("ollama-chat")

pytestmark = pytest.mark.skipif(not ALL, reason=f"{VARIABLE} is not set: no recordings to serve")


def _is_ours_to_ask(recording: Recording) -> bool:
    """Tell whether the request is known whole, and a conversation by our rules."""
    if not recording.asked or " omitted: " in json.dumps(recording.asked):
        return False
    try:
        read_request(f"p/{recording.asked.get('model', '')}", *asked_of(recording.asked))
    except InvalidRequest:
        return False
    return True


@pytest.mark.parametrize(
    "recording", [pytest.param(one, id=one.name) for one in ALL if _is_ours_to_ask(one)]
)
async def test_what_was_asked_of_ollama_is_asked_again(recording: Recording) -> None:
    """Each field of a recorded request is in ours, and nothing else is."""
    body = recording.asked or {}
    model = f"p/{body['model']}"
    messages, options = asked_of(body)
    refused: HeadwaterError | None = None
    async with asking(recording.answer, seed=recording.name) as (server, runner):
        try:
            if body.get("stream", True):
                async with runner.stream_chat(model, messages, **options) as stream:
                    await stream.collect()
            else:
                await runner.chat(model, messages, **options)
        except HeadwaterError as error:
            refused = error
    assert server.asked, refused
    assert essence(server.asked[0].body) == essence(body)
