"""The conversation as the contents of a request; pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Final

import attrs

from headwater import (
    InvalidRequest,
    JSONObject,
    Message,
    ModelId,
    Part,
    ProviderPart,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    UnsupportedFeature,
)
from headwater.parts import Media
from headwater.wire.calls import read_arguments

from ._families import Family

__all__ = ["ORIGIN", "Conversation", "system_parts"]

ORIGIN: Final = "gemini"

# What the models that insist on signatures take for a call that another model made, or nobody:
# https://ai.google.dev/gemini-api/docs/thought-signatures (FAQ)
_NO_SIGNATURE: Final = "skip_thought_signature_validator"


def system_parts(messages: Iterable[Message]) -> list[dict[str, object]]:
    """Gather what the system messages say: the wire has one place for it."""
    return [
        {"text": part.text}
        for message in messages
        if message.role is Role.SYSTEM
        for part in message.parts
        if isinstance(part, Text) and part.text
    ]


@attrs.define(eq=False)
class Conversation:
    """Turn messages into contents: one object for each request.

    Attributes:
        model: Who is asked, for errors.
        family: What it takes.
        dropped: What could not be sent, in words, each once.
    """

    model: ModelId
    family: Family
    dropped: list[str] = attrs.field(factory=list)
    _calls: Mapping[str, ToolCall] = attrs.field(factory=dict, init=False)
    _wire_ids: Mapping[str, object] = attrs.field(factory=dict, init=False)

    def encode(self, messages: Iterable[Message]) -> list[dict[str, object]]:
        """Turn messages into contents; system messages stand elsewhere, see `system_parts`.

        The results of one turn's calls are one content, in the order of the calls, as the wire
        asks; an answer that has nothing to send is left out, since it takes no empty content.

        Raises:
            UnsupportedFeature: A message holds what the model cannot take.
        """
        contents: list[dict[str, object]] = []
        spoken = (message for message in messages if message.role is not Role.SYSTEM)
        for is_results, group in groupby(spoken, key=lambda message: message.role is Role.TOOL):
            if is_results:
                contents.append({"role": "user", "parts": self._results(group)})
            else:
                contents += [content for message in group if (content := self._turn(message))]
        return contents

    def _turn(self, message: Message) -> dict[str, object] | None:
        """Encode a turn of the user or the model; None for one with nothing to send."""
        if message.role is Role.USER:
            # Vertex AI refuses empty text.
            given = [part for part in message.parts if not isinstance(part, Text) or part.text]
            return {"role": "user", "parts": [self._given(part) for part in given]}
        parts = self._answer(message)
        return {"role": "model", "parts": parts} if parts else None

    def _given(self, part: Part) -> dict[str, object]:
        match part:
            case Text():
                return {"text": part.text}
            case Media():
                return _file(part)
            case _:
                raise self._unsupported(f"{type(part).__name__} in a user message")

    def _answer(self, message: Message) -> list[dict[str, object]]:
        """Encode a turn of the model, each part as it came where this wire wrote it."""
        is_ours = message.origin == ORIGIN
        self._calls = {call.call_id: call for call in message.tool_calls}
        self._wire_ids = (
            {call.call_id: (call.replay or {}).get("id") for call in message.tool_calls}
            if is_ours
            else {}
        )
        parts = [
            encoded
            for part in message.parts
            if (encoded := self._said(part, message, is_ours)) is not None
        ]
        if self.family.signs_calls:
            _sign(parts)
        return parts

    def _said(self, part: Part, message: Message, is_ours: bool) -> dict[str, object] | None:
        match part:
            case Text():
                encoded = {"text": part.text, **_signature(part, is_ours)}
                return encoded if part.text or len(encoded) > 1 else None
            case Reasoning() if is_ours:
                encoded = {"text": part.text, "thought": True, **_signature(part, is_ours)}
                return encoded if part.text or len(encoded) > 2 else None
            case ProviderPart() if is_ours:
                return dict(part.data)
            case Reasoning() | ProviderPart():
                self._drop(part, message)
                return None
            case ToolCall():
                return {"functionCall": self._call(part), **_signature(part, is_ours)}
            case Media():
                return _file(part)
            case _:
                raise self._unsupported(f"{type(part).__name__} in an assistant message")

    def _call(self, call: ToolCall) -> dict[str, object]:
        arguments = call.arguments
        if arguments is None:
            arguments = read_arguments(call.raw_arguments)
        if arguments is None:  # the wire takes an object alone; this shows the model what it wrote
            arguments = {"INVALID_JSON": call.raw_arguments}
        return {**self._wire_id(call.call_id), "name": call.name, "args": arguments}

    def _wire_id(self, call_id: str) -> dict[str, object]:
        """Give the wire's own id of a call; one that we made up is none of its business."""
        wire_id = self._wire_ids.get(call_id)
        return {"id": wire_id} if wire_id else {}

    def _results(self, messages: Iterable[Message]) -> list[dict[str, object]]:
        """Encode the results of the last turn's calls, in the order of the calls."""
        places = {call_id: place for place, call_id in enumerate(self._calls)}
        results = [part for message in messages for part in message.parts]
        encoded = [(places.get(_cited(part), 0), self._result(part)) for part in results]
        return [result for _, result in sorted(encoded, key=lambda pair: pair[0])]

    def _result(self, part: Part) -> dict[str, object]:
        call = self._calls.get(_cited(part))
        if not isinstance(part, ToolResult) or call is None:
            raise InvalidRequest(
                f"the tool result cites the call {_cited(part)!r}, which the answer before it does "
                "not hold; put the answer's `message` before it"
            )
        files = [self._result_file(piece) for piece in part.content if isinstance(piece, Media)]
        response = {
            **self._wire_id(part.call_id),
            "name": call.name,
            "response": _response(part, has_files=bool(files)),
        }
        if files:
            response["parts"] = files
        return {"functionResponse": response}

    def _result_file(self, part: Media) -> dict[str, object]:
        if not self.family.takes_result_files:
            raise self._unsupported(f"{part.kind} in a tool result; Gemini 3 and later take it")
        if part.data is None:
            raise self._unsupported(f"{part.kind} by its address in a tool result: give its bytes")
        return _file(part)

    def _drop(self, part: Reasoning | ProviderPart, message: Message) -> None:
        what = part.type if isinstance(part, ProviderPart) else "reasoning"
        text = f"{what} of {message.origin or 'unknown origin'}"
        if text not in self.dropped:
            self.dropped.append(text)

    def _unsupported(self, what: str) -> UnsupportedFeature:
        return UnsupportedFeature(f"{self.model} cannot be sent {what}")


def _signature(part: Text | Reasoning | ToolCall, is_ours: bool) -> dict[str, object]:
    signature = (part.replay or {}).get("thoughtSignature") if is_ours else None
    return {"thoughtSignature": signature} if signature else {}


def _sign(parts: list[dict[str, object]]) -> None:
    """Let a turn pass whose calls nobody signed: the first of them speaks for all."""
    calls = [part for part in parts if "functionCall" in part]
    if calls and not any("thoughtSignature" in call for call in calls):
        calls[0]["thoughtSignature"] = _NO_SIGNATURE


def _file(part: Media) -> dict[str, object]:
    if part.data is not None:
        data = base64.b64encode(part.data).decode()
        return {"inlineData": {"mimeType": part.media_type, "data": data}}
    kind = {"mimeType": part.media_type} if part.media_type else {}
    return {"fileData": {**kind, "fileUri": part.url}}


def _cited(part: Part) -> str:
    return part.call_id if isinstance(part, ToolResult) else ""


def _response(part: ToolResult, *, has_files: bool) -> JSONObject:
    """Give a result as the object that the wire wants.

    Shapes:
        '{"temp": 7}' -> itself; "7 degrees" -> {"output": "7 degrees"}
        a failure     -> {"error": "no such city"}
    """
    text = part.text
    if part.is_error:
        return {"error": text}
    if text[:1] == "{" and (value := read_arguments(text)) is not None:
        return value
    return {"output": text} if text or not has_files else {}
