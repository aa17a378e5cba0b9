"""Checks of what is sent: all of it, and what cannot be sent is refused."""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from ...errors import HeadwaterError, UnsupportedFeature
from ...messages import Message, assistant, system, user
from ...options import ChatOptions, read_request
from ...parts import (
    Audio,
    Document,
    Image,
    JSONObject,
    Part,
    ToolCall,
    ToolResult,
    Video,
)
from ...tools import ResponseFormat, Tool
from ..replay import ReplayTransport
from ._features import Feature
from ._promises import BrokenPromise, promise, streams
from ._running import reply_of, run, running
from ._subject import Subject

_PIXEL: Final = b"\x89PNG\r\n\x1a\n" + b"conformance-pixel" * 2
_TOOL: Final = Tool(
    "measure_depth",
    "Measures how deep the river is.",
    {"type": "object", "properties": {"where_exactly": {"type": "string"}}},
)


@attrs.frozen
class Sent:
    """Hold what a request came to.

    Attributes:
        text: Address and body of what was sent, "" where nothing was.
        error: What was raised in its place, or after it.
        dropped: What the answer says could not be sent.
    """

    text: str
    error: HeadwaterError | None
    dropped: tuple[str, ...]

    @property
    def is_refused(self) -> bool:
        """Tell whether the plugin said that it cannot, before it sent anything."""
        return not self.text and isinstance(self.error, UnsupportedFeature)


def sent(
    subject: Subject, messages: str | Sequence[Message], options: ChatOptions | None = None
) -> Sent:
    """Ask something, and look at the request that goes out."""
    sample = next(streams(subject))

    async def ask() -> Sent:
        transport = ReplayTransport(reply_of(sample))
        error: HeadwaterError | None = None
        async with running(subject, transport) as runner:
            async with runner.stream_chat(subject.model, messages, **(options or {})) as stream:
                try:
                    async for _ in stream:
                        pass
                except HeadwaterError as raised:
                    error = raised
            text = "".join(
                f"{request.url}\n{_unescaped(request.body or b'')}"
                for request in transport.requests
            )
            return Sent(text, error, stream.response.dropped)

    return run(ask)


def _unescaped(body: bytes) -> str:
    r"""Give a body as text, whichever way its letters were escaped; "\/" is how some write "/"."""
    return body.decode("utf-8", "replace").replace("\\/", "/")


def check_sent(came: Sent, wanted: Sequence[str], what: str) -> None:
    missing = [text for text in wanted if text not in came.text]
    if missing and not came.is_refused:
        raise BrokenPromise(
            f"{what}: {missing[0]!r} was not sent, and nothing was said of it", came.text.encode()
        )


@promise("The whole conversation is sent, in order, to the model that was named.")
def the_conversation_is_sent(subject: Subject) -> None:
    """Look for each of its texts in the request."""
    words = ["first-word-sent", "second-word-sent", "third-word-sent"]
    messages = [user(words[0]), assistant(words[1]), user(words[2])]
    if Feature.SYSTEM not in subject.unsupported:
        words.insert(0, "system-word-sent")
        messages.insert(0, system(words[0]))
    came = sent(subject, messages)
    check_sent(came, [*words, subject.model.name], "of the conversation")
    places = [came.text.index(word) for word in words if "system" not in word]
    if places != sorted(places):
        raise BrokenPromise("the messages are out of order", came.text.encode())


def _media(kind: type[Image | Document | Audio | Video]) -> tuple[Part, str]:
    data = _PIXEL + kind.__name__.encode()
    return kind.from_bytes(data, kind.example, name="river"), base64.b64encode(data).decode()[:40]


PARTS: Final[Mapping[Feature, tuple[Part, str]]] = {
    Feature.IMAGES: _media(Image),
    Feature.DOCUMENTS: (
        Document.from_bytes(b"%PDF-1.4 conformance", "application/pdf", name="river.pdf"),
        base64.b64encode(b"%PDF-1.4 conformance").decode()[:24],
    ),
    Feature.AUDIO: _media(Audio),
    Feature.VIDEO: _media(Video),
    Feature.MEDIA_BY_URL: (
        Image.from_url("https://pictures.example/river.png"),
        "https://pictures.example/river.png",
    ),
}


@promise("Every kind of part is sent whole, or refused before anything is sent.")
def every_part_is_sent_or_refused(subject: Subject) -> None:
    """Send each kind; one that the provider declares unsupported must be refused."""
    came = {
        feature: (sent(subject, [user("Look at this.", part)]), shown)
        for feature, (part, shown) in PARTS.items()
    }
    if Feature.TOOLS not in subject.unsupported:
        _, shown = PARTS[Feature.IMAGES]
        came[Feature.IMAGES_IN_RESULTS] = image_in_a_result(subject), shown
    _refuse([_unsent(subject, feature, *one) for feature, one in came.items()])


def image_in_a_result(subject: Subject) -> Sent:
    """Send a picture that a tool gave."""
    part, _ = PARTS[Feature.IMAGES]
    call = ToolCall("call00001", _TOOL.name, arguments={}, raw_arguments="{}")
    result = Message("tool", ToolResult("call00001", ("Here:", part)))
    return sent(subject, [user("Look."), assistant(call), result], ChatOptions(tools=[_TOOL]))


def _unsent(subject: Subject, feature: Feature, came: Sent, *wanted: str) -> str:
    """Say what is wrong with a request for a feature; "" where nothing is."""
    if feature in subject.unsupported:
        if came.is_refused:
            return ""
        instead = "it was sent" if came.text else f"it raised {came.error!r}"
        return (
            f"Feature.{feature.name} is declared unsupported, and in place of UnsupportedFeature "
            f"{instead}"
        )
    missing = [text for text in wanted if text not in came.text]
    if not missing:
        return ""
    why = f"it was refused ({came.error})" if came.error is not None else "nothing was said of it"
    return (
        f"Feature.{feature.name}: {missing[0]!r} was not sent, and {why}; declare it unsupported "
        "if the provider cannot take it"
    )


def _refuse(faults: Sequence[str]) -> None:
    """Report all faults at once."""
    found = [fault for fault in faults if fault]
    if found:
        raise BrokenPromise("\n          ".join(found))


OPTIONS: Final[Mapping[Feature, tuple[ChatOptions, tuple[str, ...]]]] = {
    Feature.MAX_OUTPUT_TOKENS: (ChatOptions(max_output_tokens=4321), ("4321",)),
    Feature.TEMPERATURE: (ChatOptions(temperature=0.4375), ("0.4375",)),
    Feature.TOP_P: (ChatOptions(top_p=0.8125), ("0.8125",)),
    Feature.STOP: (ChatOptions(stop=["stop-word-sent"]), ("stop-word-sent",)),
    Feature.SEED: (ChatOptions(seed=987123), ("987123",)),
    Feature.TOOLS: (
        ChatOptions(tools=[_TOOL]),
        ("measure_depth", "Measures how deep the river is.", "where_exactly"),
    ),
    Feature.TOOL_CHOICE: (ChatOptions(tools=[_TOOL], tool_choice="measure_depth"), ()),
    Feature.RESPONSE_FORMAT: (
        ChatOptions(
            response_format=ResponseFormat(
                {
                    "type": "object",
                    "properties": {"depth_of_river": {"type": "number"}},
                    "required": ["depth_of_river"],
                    "additionalProperties": False,
                }
            )
        ),
        ("depth_of_river",),
    ),
}


@promise("Every option is sent, or refused before anything is sent.")
def every_option_is_sent_or_refused(subject: Subject) -> None:
    """Set each option; one that the provider declares unsupported must be refused."""
    plain = sent(subject, "Hello").text
    came = {feature: sent(subject, "Hello", options) for feature, (options, _) in OPTIONS.items()}
    faults = [_unsent(subject, feature, came[feature], *OPTIONS[feature][1]) for feature in came]
    faults += [
        f"Feature.{feature.name}: nothing was sent of it, and nothing was said"
        for feature, one in came.items()
        if one.text == plain and not OPTIONS[feature][1]
    ]
    _refuse(faults)


@promise("What `extra` holds is merged into the body, last.")
def extra_goes_into_the_body(subject: Subject) -> None:
    """Look for it in the request."""
    extra: JSONObject = {"conformance_extra": {"depth": [1, "deep-word-sent"]}}
    came = sent(subject, "Hello", ChatOptions(extra=extra))
    if "conformance_extra" not in came.text or "deep-word-sent" not in came.text:
        raise BrokenPromise("extra was not sent", came.text.encode())


@promise("The request that a plugin is handed is left as it is.", feature=None)
def the_request_is_left_alone(subject: Subject) -> None:
    """Compare what can be changed in a request before and after."""
    schema = {"type": "object", "properties": {"where": {"type": "string"}}}
    extra: JSONObject = {"conformance_extra": {"depth": {"in": ["metres"]}}}
    options = ChatOptions(extra=extra)
    if Feature.TOOLS not in subject.unsupported:
        options["tools"] = [Tool("measure", "Measures.", schema)]
    messages = [user("Hello"), assistant("Yes?"), user("How deep?")]
    request = read_request(subject.model, messages, options)
    before = copy.deepcopy((request, messages))
    sent(subject, messages, options)
    after = read_request(subject.model, messages, options), messages
    if before != after:
        raise BrokenPromise(f"the request was {before[0]!r} and is {after[0]!r} after the call")
