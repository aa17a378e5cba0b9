"""The part of Gemini's JSON that is read.

Fields that most chunks leave out have None as default, and nothing that is not read is decoded.
`Any` stands for JSON that is passed on as it came. What a part holds besides text and function
calls is not listed: it is passed on whole.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = [
    "Candidate",
    "Chunk",
    "Fragment",
    "FunctionCall",
    "ModelPage",
    "Part",
    "PlainChunk",
    "PlainCounts",
    "TokenCounts",
]


class Fragment(msgspec.Struct, gc=False, rename="camel"):
    """A piece of a call's arguments: a value, or a piece of a string, and where it belongs."""

    json_path: str = "$"
    string_value: str | None = None
    number_value: int | float | None = None
    bool_value: bool | None = None
    null_value: Any = msgspec.UNSET


class FunctionCall(msgspec.Struct, gc=False, rename="camel"):
    """A function call, whole or a piece of one."""

    id: str | None = None
    name: str | None = None
    args: Any = None
    partial_args: list[Fragment] | None = None
    will_continue: bool | None = None


class Part(msgspec.Struct, gc=False, rename="camel"):
    """A part of an answer."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None


class Content(msgspec.Struct, gc=False):
    """The parts of an answer."""

    parts: list[Part] | None = None


class Candidate(msgspec.Struct, gc=False, rename="camel"):
    """One of the answers; there is one unless more were asked for."""

    content: Content | None = None
    finish_reason: str | int | None = None
    index: int | None = None
    finish_message: Any = None
    safety_ratings: Any = None
    citation_metadata: Any = None
    grounding_metadata: Any = None
    url_context_metadata: Any = None
    logprobs_result: Any = None
    avg_logprobs: Any = None


class PromptFeedback(msgspec.Struct, gc=False, rename="camel"):
    """What was found against the prompt."""

    block_reason: str | int | None = None


class TokenCounts(msgspec.Struct, gc=False, rename="camel"):
    """The counts so far."""

    prompt_token_count: int | float | None = None
    cached_content_token_count: int | float | None = None
    candidates_token_count: int | float | None = None
    thoughts_token_count: int | float | None = None
    tool_use_prompt_token_count: int | float | None = None
    total_token_count: int | float | None = None


class Chunk(msgspec.Struct, gc=False, rename="camel"):
    """A chunk of a stream, or a whole answer."""

    candidates: list[Candidate] | None = None
    usage_metadata: TokenCounts | None = None
    model_version: str | None = None
    response_id: str | None = None
    prompt_feedback: PromptFeedback | None = None
    error: Any = None


class PlainPart(msgspec.Struct, gc=False, rename="camel"):
    """A part that is text and nothing else."""

    text: str
    thought: None = None
    thought_signature: None = None
    function_call: None = None


class PlainContent(msgspec.Struct, gc=False):
    """The content that such a part is all of."""

    parts: tuple[PlainPart]


class PlainCandidate(msgspec.Struct, gc=False, rename="camel"):
    """A candidate that such a content is all of."""

    content: PlainContent
    index: Literal[0] | None = None
    finish_reason: None = None
    finish_message: None = None
    safety_ratings: None = None
    citation_metadata: None = None
    grounding_metadata: None = None
    url_context_metadata: None = None
    logprobs_result: None = None
    avg_logprobs: None = None


class PlainCounts(msgspec.Struct, gc=False, rename="camel"):
    """Counts that are whole numbers, of the prompt and the answer at least."""

    prompt_token_count: int
    candidates_token_count: int
    total_token_count: int | None = None
    cached_content_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: None = None


class PlainChunk(msgspec.Struct, gc=False, rename="camel"):
    """A chunk that adds text and counts, as nearly all do: to say so is left to msgspec."""

    candidates: tuple[PlainCandidate]
    usage_metadata: PlainCounts | None = None
    model_version: str | None = None
    response_id: str | None = None
    prompt_feedback: None = None
    error: None = None


class Counted(msgspec.Struct, rename="camel"):
    """The answer to a count."""

    total_tokens: int
    cached_content_token_count: int | None = None


class ModelFacts(msgspec.Struct, rename="camel"):
    """A model of a list."""

    name: str
    display_name: str | None = None
    input_token_limit: int | None = None
    output_token_limit: int | None = None


class ModelPage(msgspec.Struct, rename="camel"):
    """A page of the list of models, which Vertex AI calls publisher models."""

    models: list[ModelFacts] = []
    publisher_models: list[ModelFacts] = []
    next_page_token: str | None = None
