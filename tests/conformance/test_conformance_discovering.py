"""What a provider speaks and lacks is found out, where nobody has said."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from headwater import ChatRequest, ConfigurationError, Event, ModelId, hookimpl
from headwater.testing.conformance import (
    Expected,
    Feature,
    Outcome,
    ProviderConformance,
    Sample,
    discovered,
    verify,
)
from headwater.testing.dialects import CHAT_COMPLETIONS
from headwater.wire.transport import Transport
from headwater_ollama import Ollama

from . import test_conformance_providers as declared
from .brook import BROOK
from .honest import Honest

pytestmark = pytest.mark.slow

DECLARED = [
    value
    for value in vars(declared).values()
    if isinstance(value, type) and issubclass(value, ProviderConformance)
    if value is not ProviderConformance
]


@pytest.mark.parametrize("given", DECLARED, ids=lambda given: given.__name__)
def test_what_is_found_is_what_is_declared(given: type[ProviderConformance]) -> None:
    """Asking a provider of ours finds what its own test declares."""
    subject = given().subject()
    found = discovered(subject.make, subject.model)
    assert found.dialect is subject.dialect
    if Feature.WIRE not in found.unsupported:  # what sends nothing is not asked for more
        assert found.unsupported == subject.unsupported


@pytest.mark.slow
def test_a_report_on_what_was_found_is_good() -> None:
    """A plugin of ours that brings nothing for the kit passes it all the same."""
    subject = declared.TestAnthropic().subject()
    results = verify(discovered(subject.make, subject.model))
    assert [result for result in results if result.outcome is Outcome.FAILED] == []


def test_a_wire_of_its_own_is_not_found() -> None:
    """A provider with a wire that nobody knows needs samples of its own."""
    with pytest.raises(ConfigurationError, match="brook speaks none of the wires chat-completions"):
        discovered(lambda: Honest("a-key"), ModelId("brook", "small"))


def test_a_key_that_is_not_sent_is_not_looked_for() -> None:
    """A server on one's own machine takes no key."""
    found = discovered(lambda: Ollama("http://127.0.0.1:11434"), ModelId("ollama", "qwen3"))
    assert Feature.KEY in found.unsupported


class Streaming:
    """Stream as another provider does, and have no `chat`."""

    def __init__(self) -> None:
        self.other = declared.TestCompatible.provider

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream the answer."""
        events = self.other.stream_chat(request, transport)
        async with aclosing(events):
            async for event in events:
                yield event


def test_a_missing_chat_is_found() -> None:
    """Answers in one piece are not asked of a provider that only streams."""
    found = discovered(Streaming, ModelId("streaming", "some-model"))
    assert Feature.WHOLE in found.unsupported
    assert found.dialect is CHAT_COMPLETIONS


def test_samples_show_what_a_wire_of_its_own_has() -> None:
    """With samples of all that the wire can say, what is refused alone counts as lacking."""
    brook = ModelId("brook", "small")
    found = discovered(lambda: Honest("a-key"), brook, samples=BROOK.samples())
    assert found.unsupported == {Feature.DOCUMENTS, Feature.AUDIO, Feature.VIDEO}


def test_what_no_sample_shows_is_taken_for_lacking() -> None:
    """One text without counts says nothing of reasoning, counts, errors and whole answers."""
    text = Sample(
        name="text",
        body=b'event: say\ndata: {"text": "Hi"}\n\nevent: end\ndata: {"why": "done"}\n\n',
        headers={"content-type": "text/event-stream"},
        expected=Expected(text="Hi"),
    )
    brook = ModelId("brook", "small")
    found = discovered(lambda: Honest("a-key"), brook, samples=[text])
    unshown = {Feature.WHOLE, Feature.REASONING, Feature.SEALED_REASONING, Feature.USAGE}
    assert found.unsupported >= unshown | {Feature.ERROR_FRAMES}


def test_samples_without_a_stream_do_not_do() -> None:
    """The kit says what it needs to begin with."""
    refusal = Sample(name="no", body=b"{}", status=429, is_stream=False)
    with pytest.raises(ConfigurationError, match="no sample is a streamed answer"):
        discovered(lambda: Honest("a-key"), ModelId("brook", "small"), samples=[refusal])
