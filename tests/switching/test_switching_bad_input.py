"""Bad input to every provider: refused before anything is sent where that can be known."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from headwater import (
    AuthenticationError,
    Category,
    ContextTooLong,
    HeadwaterError,
    Image,
    InvalidRequest,
    ModelNotFound,
    QuotaExceeded,
    UnsupportedFeature,
    assistant,
    tool_result,
    user,
)

from .receivers import RECEIVERS, Receiver, each_receiver
from .refusals import REFUSALS, REQUEST_ID, Fault, Refusal

TIFF = user(Image.from_bytes(b"II*\x00", "image/tiff"), "What is it?")
# What the message of an error says to do, where the provider's own words seldom do.
ADVICE = {
    AuthenticationError: "check ",
    ModelNotFound: "`",  # a command to look with
    ContextTooLong: "shorten",
    QuotaExceeded: "top up",
    InvalidRequest: "change what it names",
    UnsupportedFeature: "change what it names",
}
BY_NAME = {receiver.name: receiver for receiver in RECEIVERS}
# An image of a type that they know not to take, or any image at all; a schema, likewise.
KNOWN = {Fault.IMAGE: {"anthropic", "deepseek"}, Fault.SCHEMA: {"deepseek"}}
NO_SEED = {"openai", "anthropic", "xai-responses", "perplexity"}
NO_STOP = {"openai", "xai-responses"}


@attrs.define
class River:
    """What a structured answer holds."""

    name: str


ASKED: dict[Fault, dict[str, Any]] = {
    Fault.IMAGE: {"messages": TIFF},
    Fault.SCHEMA: {"messages": "Hi", "response_format": River},
}


async def _error(receiver: Receiver, refusal: Refusal | None = None, **asked: Any) -> Any:
    """Ask, and give the error and what was sent."""
    transport = receiver.answers()
    if refusal is not None:
        named = {refusal.header: REQUEST_ID} if refusal.header else {}
        transport = receiver.answers(refusal.body, refusal.status, **named)
    messages = asked.pop("messages", "Hi")
    async with receiver.runner(transport) as runner:
        with pytest.raises(HeadwaterError) as caught:
            await runner.chat(receiver.model_id, messages, **asked)
    return caught.value, transport.requests


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
async def test_a_refusal_keeps_its_meaning(refusal: Refusal) -> None:
    """It has its class and category, its status, the provider's own words and its request id."""
    receiver = BY_NAME[refusal.provider]
    error, sent = await _error(receiver, refusal, **ASKED.get(refusal.fault, {}))
    assert len(sent) == 1
    assert type(error) is refusal.kind
    assert (error.category, error.is_retryable) == (refusal.category, False)
    assert (error.status, error.request_id) == (
        refusal.status,
        REQUEST_ID if refusal.header else None,
    )
    assert error.message.startswith(refusal.words)
    assert (error.provider, error.model) == ("p", receiver.model_id)


@pytest.mark.parametrize("refusal", [one for one in REFUSALS if one.kind in ADVICE], ids=str)
async def test_a_refusal_says_what_to_do(refusal: Refusal) -> None:
    """Beside the provider's words stand ours: which key, which list, what to shorten or change."""
    receiver = BY_NAME[refusal.provider]
    error, _ = await _error(receiver, refusal)
    assert error.advice is not None
    assert ADVICE[refusal.kind] in error.advice
    assert str(error).startswith(f"{error.message} ({error.advice})")


def test_every_provider_refuses_every_fault() -> None:
    """No provider and no fault is left out, but for what is known before anything is sent."""
    served = {(refusal.provider, refusal.fault) for refusal in REFUSALS}
    known = {(name, fault) for fault, names in KNOWN.items() for name in names}
    assert served | known == {(name, fault) for name in BY_NAME for fault in Fault}
    assert not served & known


@pytest.mark.parametrize(
    ("name", "fault"),
    [(name, fault) for fault, names in KNOWN.items() for name in sorted(names)],
    ids=str,
)
async def test_what_is_known_to_be_refused_is_not_sent(name: str, fault: Fault) -> None:
    """A file or a form that the provider is known not to take is named, with what it takes."""
    error, sent = await _error(BY_NAME[name], **ASKED[fault])
    assert type(error) is UnsupportedFeature
    assert (error.category, error.is_retryable) == (Category.BAD_REQUEST, False)
    assert (error.status, sent) == (None, [])
    assert BY_NAME[name].model_id in error.message
    assert ("image" if fault is Fault.IMAGE else "schema") in error.message


@each_receiver
async def test_a_result_needs_its_call(receiver: Receiver) -> None:
    """A tool result that cites no call is refused before anything is sent, by name."""
    messages = [user("Hi"), assistant("Hello."), tool_result("call-9", "x"), user("Go on.")]
    error, sent = await _error(receiver, messages=messages)
    assert type(error) is InvalidRequest
    assert "'call-9'" in error.message
    assert "put the answer's `message` before" in error.message
    assert sent == []


@each_receiver
@pytest.mark.parametrize(
    ("option", "value", "lacking"),
    [("seed", 7, NO_SEED), ("stop", ["END"], NO_STOP)],
    ids=["seed", "stop"],
)
async def test_an_option_is_sent_or_refused(
    receiver: Receiver, option: str, value: object, lacking: set[str]
) -> None:
    """An option that the API has is in the body; one that it has not is never passed over."""
    asked: dict[str, Any] = {option: value}
    if receiver.name in lacking:
        error, sent = await _error(receiver, **asked)
        assert type(error) is UnsupportedFeature
        assert f"{receiver.model_id} takes no {option}" in error.message
        assert sent == []
        return
    transport = receiver.answers()
    async with receiver.runner(transport) as runner:
        await runner.chat(receiver.model_id, "Hi", **asked)
    assert str(value).replace("'", '"').encode() in (transport.requests[0].body or b"")


@each_receiver
def test_an_option_of_nobody_is_a_type_error(receiver: Receiver) -> None:
    """An option that no provider has is refused with the names of those that there are."""
    unknown: dict[str, Any] = {"top_k": 5}
    with pytest.raises(TypeError, match="top_p"):
        receiver.runner(receiver.answers()).stream_chat(receiver.model_id, "Hi", **unknown)
