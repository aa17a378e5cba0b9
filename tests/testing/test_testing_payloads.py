"""The sample payloads are what the providers say, as the providers' plugins read them."""

from __future__ import annotations

import pytest

from headwater import (
    AuthenticationError,
    HeadwaterError,
    InvalidRequest,
    Overloaded,
    Provenance,
    ProviderError,
    RateLimited,
    Runner,
    ServerError,
)
from headwater.testing import FaultServer, payloads, respond
from headwater.testing.fault_server import Script
from headwater.testing.payloads import Phase, Said, SampleCall, Wire
from headwater_anthropic import Anthropic
from headwater_chat_completions import ChatCompletions
from headwater_google import Google
from headwater_ollama import Ollama
from headwater_openai import OpenAI


def provider(wire: Wire, base_url: str) -> object:
    """Give the plugin that speaks a wire."""
    match wire:
        case Wire.CHAT_COMPLETIONS:
            return ChatCompletions(base_url=base_url, api_key="test")
        case Wire.ANTHROPIC:
            return Anthropic(api_key="test", base_url=base_url)
        case Wire.RESPONSES:
            return OpenAI(api_key="test", base_url=base_url)
        case Wire.GEMINI:
            return Google(api_key="test", base_url=base_url)
        case Wire.OLLAMA:
            return Ollama(base_url=base_url)


SAID = {
    "text": Said(),
    "one delta": Said(("a",)),
    "reasoning": Said(("So", "."), reasoning=("Let me ", "think")),
    "a tool call": Said((), calls=(SampleCall(),)),
    "everything": Said(
        ("Wait", "."),
        reasoning=("Hm",),
        calls=(SampleCall(), SampleCall("stop", ("{}",), "call_2")),
        input_tokens=3,
        output_tokens=5,
    ),
    "odd characters": Said(("“é\n\u2028", "🙂", '\\"')),
}


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("said", SAID.values(), ids=SAID.keys())
@pytest.mark.parametrize("wire", Wire)
async def test_what_was_said_is_what_is_read(wire: Wire, said: Said, streamed: bool) -> None:
    """Text, reasoning, tool calls and usage come out as they went in."""
    if streamed:
        script = respond(*payloads.stream(wire, said), media_type=payloads.media_type(wire))
    else:
        script = respond(payloads.whole(wire, said), media_type="application/json")
    async with (
        FaultServer(script) as server,
        Runner(providers={"it": provider(wire, server.url)}) as runner,
    ):
        if streamed:
            response = await runner.stream_chat("it/m", "Hi").collect()
        else:
            response = await runner.chat("it/m", "Hi")
    assert (response.text, response.reasoning) == ("".join(said.text), "".join(said.reasoning))
    calls = [(call.name, call.arguments) for call in response.tool_calls]
    assert calls == [(call.name, call.arguments) for call in said.calls]
    usage = response.usage
    assert (usage.input_tokens, usage.output_tokens) == (said.input_tokens, said.output_tokens)
    assert usage.provenance is Provenance.REPORTED
    assert response.model == payloads.MODEL


@pytest.mark.parametrize("said", SAID.values(), ids=SAID.keys())
@pytest.mark.parametrize("wire", Wire)
def test_the_phases_are_in_order(wire: Wire, said: Said) -> None:
    """First what precedes content, then content, what closes it, and one end mark."""
    phases = [frame.phase for frame in payloads.phased(wire, said)]
    assert phases == sorted(phases, key=list(Phase).index)
    assert phases.count(Phase.END) == 1
    assert phases[0] is Phase.PREAMBLE


async def error_of(wire: Wire, script: Script) -> HeadwaterError:
    """Make a call that fails."""
    async with (
        FaultServer(script) as server,
        Runner(providers={"it": provider(wire, server.url)}) as runner,
    ):
        with pytest.raises(HeadwaterError) as caught:
            await runner.stream_chat("it/m", "Hi", attempts=1).collect()
    return caught.value


KINDS: dict[int, type[HeadwaterError]] = {
    400: InvalidRequest,
    401: AuthenticationError,
    429: RateLimited,
    500: ServerError,
    503: Overloaded,
}


@pytest.mark.parametrize("status", KINDS)
@pytest.mark.parametrize("wire", Wire)
async def test_a_refusal_is_understood(wire: Wire, status: int) -> None:
    """The body of a refusal has the provider's words where its plugin looks for them."""
    body = payloads.error_body(wire, status, "what a pity")
    error = await error_of(wire, respond(body, status=status))
    assert (type(error), error.message) == (KINDS[status], "what a pity")


@pytest.mark.parametrize("status", KINDS)
@pytest.mark.parametrize("wire", Wire)
async def test_an_error_in_a_stream_is_understood(wire: Wire, status: int) -> None:
    """A frame says as much as the status would, but Ollama's, which has words alone."""
    frame = payloads.error_frame(wire, status, "what a pity")
    frames = [*payloads.stream(wire)[:2], frame]
    error = await error_of(wire, respond(*frames, media_type=payloads.media_type(wire)))
    vague = wire is Wire.OLLAMA
    assert error.message == "what a pity"
    assert isinstance(error, ProviderError if vague else KINDS[status]), type(error)
