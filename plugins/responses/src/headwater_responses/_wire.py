"""The part of the JSON of Responses that is read.

`Any` stands for JSON that is passed on or kept as it came, or that an event of a type which nobody
knows yet may give another shape.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = [
    "Answer",
    "Counted",
    "Frame",
    "Head",
    "ModelFacts",
    "ModelList",
    "PlainFrame",
    "TokenCounts",
]


class Frame(msgspec.Struct, gc=False):
    """An event of a stream; the response in it is decoded where it is needed."""

    type: str | None = None
    delta: Any = None
    output_index: Any = None
    item_id: Any = None
    item: Any = None
    arguments: Any = None
    annotation: Any = None
    response: msgspec.Raw = msgspec.Raw()
    object: Any = None
    error: Any = None


class PlainFrame(msgspec.Struct, gc=False):
    """An event that adds text, as nearly all are: to say so is left to msgspec."""

    type: Literal["response.output_text.delta"]
    output_index: int
    delta: str
    item_id: str | None = None
    item: None = None
    arguments: None = None
    annotation: None = None
    object: None = None
    error: None = None


class InputDetails(msgspec.Struct, gc=False):
    """What the input tokens were."""

    cached_tokens: int | float | None = None
    cache_write_tokens: int | float | None = None


class OutputDetails(msgspec.Struct, gc=False):
    """What the output tokens were."""

    reasoning_tokens: int | float | None = None


class TokenCounts(msgspec.Struct, gc=False):
    """A usage object; input includes what was cached, output includes reasoning."""

    input_tokens: int | float | None = None
    output_tokens: int | float | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None


class Head(msgspec.Struct, gc=False):
    """What a response says of itself as it begins."""

    id: str | None = None
    model: str | None = None


class Answer(msgspec.Struct, gc=False):
    """A response, whole or as it ends a stream."""

    id: str | None = None
    model: str | None = None
    object: Any = None
    status: str | None = None
    output: list[Any] | None = None
    error: Any = None
    incomplete_details: Any = None
    usage: TokenCounts | None = None


class Counted(msgspec.Struct, gc=False):
    """The count of a request's input."""

    input_tokens: int


class ModelFacts(msgspec.Struct, gc=False):
    """A model of a list."""

    id: str
    context_length: int | None = None


class ModelList(msgspec.Struct, gc=False):
    """The models of a server."""

    data: list[ModelFacts]
