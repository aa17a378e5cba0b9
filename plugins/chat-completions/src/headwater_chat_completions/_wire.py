"""The part of the JSON of Chat Completions that is read.

Fields that most chunks leave out have None as default, and nothing that is not read is decoded.
`Any` stands for JSON that is passed on as it came, or whose shape differs from server to server.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = [
    "Choice",
    "Chunk",
    "Fragment",
    "Function",
    "ModelList",
    "PlainChunk",
    "Said",
    "TokenCounts",
]


class Function(msgspec.Struct, gc=False):
    """A function call or a piece of one; `arguments` is JSON text, on some servers an object."""

    name: str | None = None
    arguments: Any = None


class Fragment(msgspec.Struct, gc=False):
    """A tool call or a piece of one."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None
    custom: Any = None


class Said(msgspec.Struct, gc=False):
    """A delta of a stream, or the message of a whole answer."""

    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Any] | None = None
    refusal: str | None = None
    tool_calls: list[Fragment] | None = None
    annotations: Any = None
    audio: Any = None
    images: Any = None
    function_call: Any = None


class Choice(msgspec.Struct, gc=False):
    """One of the answers; there is one unless more were asked for."""

    index: int | None = None
    delta: Said | None = None
    message: Said | None = None
    finish_reason: str | None = None
    logprobs: Any = None
    error: Any = None


class PlainDelta(msgspec.Struct, gc=False):
    """A delta that adds to the text and does nothing else."""

    content: str
    reasoning_content: None = None
    reasoning: None = None
    reasoning_details: None = None
    refusal: None = None
    tool_calls: None = None
    annotations: None = None
    audio: None = None
    images: None = None
    function_call: None = None


class PlainChoice(msgspec.Struct, gc=False):
    """A choice that such a delta is all of."""

    delta: PlainDelta
    index: Literal[0] | None = None
    message: None = None
    finish_reason: None = None
    logprobs: None = None
    error: None = None


class PlainChunk(msgspec.Struct, gc=False):
    """A chunk that such a choice is all of, as nearly all are: to say so is left to msgspec."""

    choices: tuple[PlainChoice]
    usage: None = None
    error: None = None
    x_groq: None = None
    citations: None = None
    search_results: None = None


class InputDetails(msgspec.Struct, gc=False):
    """What the input tokens were."""

    cached_tokens: int | float | None = None
    cache_write_tokens: int | float | None = None


class OutputDetails(msgspec.Struct, gc=False):
    """What the output tokens were."""

    reasoning_tokens: int | float | None = None


class TokenCounts(msgspec.Struct, gc=False):
    """A usage object."""

    prompt_tokens: int | float | None = None
    completion_tokens: int | float | None = None
    total_tokens: int | float | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    prompt_cache_hit_tokens: int | float | None = None
    cached_tokens: int | float | None = None
    reasoning_tokens: int | float | None = None


class GroqFacts(msgspec.Struct, gc=False):
    """What Groq adds."""

    usage: TokenCounts | None = None
    error: Any = None


class Chunk(msgspec.Struct, gc=False):
    """A chunk of a stream, or a whole answer."""

    id: str | None = None
    model: str | None = None
    choices: list[Choice] | None = None
    usage: TokenCounts | None = None
    error: Any = None
    x_groq: GroqFacts | None = None
    citations: Any = None
    search_results: Any = None


class ModelMeta(msgspec.Struct, gc=False):
    """What llama.cpp adds."""

    n_ctx: int | None = None
    n_ctx_train: int | None = None


class ModelFacts(msgspec.Struct, gc=False):
    """A model of a list; the length of its context goes by a different name on each server."""

    id: str
    name: str | None = None
    context_length: int | None = None
    context_window: int | None = None
    max_model_len: int | None = None
    max_context_length: int | None = None
    meta: ModelMeta | None = None


class ModelList(msgspec.Struct, gc=False):
    """The models of a server."""

    data: list[ModelFacts]
