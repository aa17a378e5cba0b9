"""The part of the JSON of the Messages API that is read.

Fields that most frames leave out have None as default, and nothing that is not read is decoded.
`Any` stands for JSON that is passed on as it came; a block is kept as bytes until its type is
known.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

__all__ = [
    "Block",
    "Count",
    "Counts",
    "Delta",
    "Frame",
    "Message",
    "ModelFacts",
    "ModelPage",
    "PlainFrame",
]

Number = int | float | None

_ABSENT: Final = msgspec.Raw(b"")  # msgspec knows no union of Raw and None


class Delta(msgspec.Struct, gc=False):
    """What is added to a block, or, without a type, what ends the message."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: Any = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Any = None
    container: Any = None


class Block(msgspec.Struct, gc=False):
    """A block that the state machine knows, as it begins."""

    type: str
    id: str | None = None
    name: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    citations: list[Any] | None = None
    input: msgspec.Raw = _ABSENT


class OutputDetails(msgspec.Struct, gc=False):
    """What the output tokens were."""

    thinking_tokens: Number = None


class Counts(msgspec.Struct, gc=False):
    """A usage object, or a piece of one."""

    input_tokens: Number = None
    cache_read_input_tokens: Number = None
    cache_creation_input_tokens: Number = None
    output_tokens: Number = None
    output_tokens_details: OutputDetails | None = None


class Message(msgspec.Struct, gc=False):
    """An answer: whole, or as it begins."""

    type: str = ""
    id: str | None = None
    model: str | None = None
    content: list[msgspec.Raw] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Any = None
    container: Any = None
    context_management: Any = None
    usage: Counts | None = None
    error: Any = None
    request_id: str | None = None


class Frame(msgspec.Struct, gc=False):
    """An event of a stream."""

    type: str = ""
    index: int | None = None
    delta: Delta | None = None
    content_block: msgspec.Raw = _ABSENT
    message: Message | None = None
    usage: Counts | None = None
    context_management: Any = None
    error: Any = None
    request_id: str | None = None


class PlainDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A delta that adds to the text of a block."""

    type: Literal["text_delta"]
    text: str


class PlainFrame(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """An event that such a delta is all of, as nearly all are: to say so is left to msgspec."""

    type: Literal["content_block_delta"]
    index: int
    delta: PlainDelta


class Count(msgspec.Struct, gc=False):
    """What a request would cost."""

    input_tokens: int


class ModelFacts(msgspec.Struct, gc=False):
    """A model of a list."""

    id: str
    display_name: str | None = None
    max_input_tokens: int | None = None
    max_tokens: int | None = None


class ModelPage(msgspec.Struct, gc=False):
    """A page of a list of models."""

    data: list[ModelFacts]
    has_more: bool | None = None
    last_id: str | None = None
