"""Statuses with their bodies, and error lines, to errors of ours; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from headwater.errors import (
    ContextTooLong,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    UnsupportedFeature,
)
from headwater.wire.status import ErrorBody, error_class, status_error

__all__ = ["line_error", "read_error"]

# Ollama has no codes: an error is a status and a sentence, in a stream the sentence alone. These
# sentences are the server's own, and say what a status of 400 or 500 does not.
_SENTENCES: Final[Mapping[str, type[HeadwaterError]]] = {
    " does not support ": UnsupportedFeature,  # "NAME" does not support thinking, tools, …
    " is not supported for this model": UnsupportedFeature,  # a level of thinking
    "missing data required for image input": UnsupportedFeature,
    "image: unknown format": UnsupportedFeature,
    "exceeds the context length": ContextTooLong,
    "exceeds maximum context length": ContextTooLong,
    "exceeded max context length": ContextTooLong,  # ollama.com
    "exceeds the available context size": ContextTooLong,  # the llama.cpp inside
    "server busy, please try again": Overloaded,
}
# What ollama.com says when what an account may use in some hours or a week is used up, with 429:
# github.com/continuedev/continue/issues/11444
_USED_UP: Final = "usage limit"
_OPEN_CLASSES: Final = (InvalidRequest, ServerError)  # by a status that leaves the cause open


def read_error(
    model: str | None, status: int, headers: Mapping[str, str], body: bytes
) -> HeadwaterError:
    r"""Make the error of a response of status 400 and more.

    Shapes:
        404 {"error": "model 'x' not found"} -> ModelNotFound that says `ollama pull x`
        400 {"error": "\"x\" does not support tools"} -> UnsupportedFeature
        404 "404 page not found" -> ModelNotFound that says to look at the address

    Args:
        model: The model that was asked, None where none was.
        status: Its status.
        headers: Its headers, names in lower case.
        body: Its body, as far as it came.

    Source:
        FORMATS 7 and 9.
    """
    said = ErrorBody.read(body)
    usual = error_class(status)
    kind = _by_sentence(said) if usual in _OPEN_CLASSES else None
    if usual is RateLimited and _USED_UP in said.message:
        kind = QuotaExceeded
    error = status_error(status, headers, said, kind=kind)
    if isinstance(error, ModelNotFound):
        error.advice = _advice(model, is_ollama="error" in said.details)
    return error


def line_error(value: Any) -> HeadwaterError:
    """Make the error of an error line, which comes inside a 200.

    One of no kind that we know is not tried again: the status that would tell is lost.

    Args:
        value: What the line has as `error`: text, on some gateways an object.

    Source:
        FORMATS 7 and 9.3.
    """
    said = ErrorBody.of({"error": value})
    kind = _by_sentence(said) or ProviderError
    return kind(
        said.message or "the server broke off its answer with an error and said no more",
        code=said.code or said.type,
    )


def _by_sentence(said: ErrorBody) -> type[HeadwaterError] | None:
    for sentence, kind in _SENTENCES.items():
        if sentence in said.message:
            return kind
    return None


def _advice(model: str | None, *, is_ollama: bool) -> str:
    if model is not None and is_ollama:
        return f"`ollama pull {model}` gets it"
    return "expected Ollama's API at this address: check base_url or OLLAMA_HOST"
