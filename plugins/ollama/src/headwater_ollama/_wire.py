"""The part of Ollama's JSON that is read.

Fields that most lines leave out have None as default, and nothing that is not read is decoded.
`Any` stands for JSON that is passed on as it came.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = [
    "Call",
    "Details",
    "Function",
    "Line",
    "Model",
    "ModelList",
    "PlainLine",
    "Said",
    "Version",
]


class Function(msgspec.Struct, gc=False):
    """What a call names; `arguments` is an object, not JSON text as on other wires."""

    name: str | None = None
    arguments: Any = None


class Call(msgspec.Struct, gc=False):
    """A whole tool call; older servers give it no id."""

    id: str | None = None
    function: Function | None = None


class Said(msgspec.Struct, gc=False):
    """What the model says in a line."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: list[Call] | None = None


class Line(msgspec.Struct, gc=False):
    """A line of a stream, or a whole answer; durations are in nanoseconds."""

    model: str | None = None
    message: Said | None = None
    done: bool | None = None
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_duration: int | None = None
    eval_duration: int | None = None
    logprobs: Any = None
    error: Any = None


class PlainSaid(msgspec.Struct, gc=False):
    """What the model says where it is text and nothing else."""

    content: str
    thinking: None = None
    tool_calls: None = None


class PlainLine(msgspec.Struct, gc=False):
    """A line that adds such a text, as nearly all do: to say so is left to msgspec."""

    model: str
    message: PlainSaid
    done: bool = False
    done_reason: None = None
    prompt_eval_count: None = None
    eval_count: None = None
    total_duration: None = None
    load_duration: None = None
    prompt_eval_duration: None = None
    eval_duration: None = None
    logprobs: None = None
    error: None = None


class Details(msgspec.Struct, gc=False):
    """What a model is."""

    family: str | None = None
    parameter_size: str | None = None
    quantization_level: str | None = None


class Model(msgspec.Struct, gc=False):
    """A model of the list."""

    name: str
    size: int | None = None
    details: Details | None = None


class ModelList(msgspec.Struct, gc=False):
    """The models that the server has."""

    models: list[Model] | None = None


class Version(msgspec.Struct, gc=False):
    """Which server it is."""

    version: str
