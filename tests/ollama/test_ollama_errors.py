"""Statuses, bodies and error lines to errors."""

from __future__ import annotations

import json

import pytest

from headwater import (
    AuthenticationError,
    ContextTooLong,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    UnsupportedFeature,
)
from headwater_ollama._errors import line_error, read_error

BUSY = "server busy, please try again.  maximum pending requests exceeded"
THINKING = '"llama3" does not support thinking'
TOOLS = "registry.ollama.ai/library/llama2:latest does not support tools"
LEVEL = 'think value "low" is not supported for this model'
VISION = "this model is missing data required for image input"
FORMAT = "Failed to create new sequence: failed to process inputs: image: unknown format"
LONG = "the input length exceeds the context length"
CLOUD_LONG = "prompt too long; exceeded max context length by 4 tokens"
STOPPED = "model runner has unexpectedly stopped, this may be due to resource limitations"


def _read(status: int, message: str, **headers: str) -> HeadwaterError:
    return read_error("llama3", status, headers, json.dumps({"error": message}).encode())


@pytest.mark.parametrize(
    ("status", "message", "kind", "is_retryable"),
    [
        (400, "invalid options: num_ctx", InvalidRequest, False),
        (400, THINKING, UnsupportedFeature, False),
        (400, TOOLS, UnsupportedFeature, False),
        (400, LEVEL, UnsupportedFeature, False),
        (500, VISION, UnsupportedFeature, False),
        (500, FORMAT, UnsupportedFeature, False),
        (400, LONG, ContextTooLong, False),
        (400, CLOUD_LONG, ContextTooLong, False),
        (401, TOOLS, AuthenticationError, False),
        (401, "unauthorized", AuthenticationError, False),
        (402, "this model needs a subscription", QuotaExceeded, False),
        (403, "forbidden", PermissionDenied, False),
        (404, "model 'llama3' not found", ModelNotFound, False),
        (429, "too many concurrent requests", RateLimited, True),
        (429, "you (me) have reached your weekly usage limit", QuotaExceeded, False),
        (500, STOPPED, ServerError, True),
        (502, "cannot reach the model", ServerError, True),
        (503, BUSY, Overloaded, True),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_refusal_has_its_class(
    status: int, message: str, kind: type[HeadwaterError], is_retryable: bool
) -> None:
    """The status decides, and the server's own sentence where the status leaves it open."""
    error = _read(status, message)
    assert type(error) is kind
    assert (error.status, error.is_retryable) == (status, is_retryable)
    assert error.message.startswith(message)


def test_a_model_that_is_not_there_says_how_to_get_it() -> None:
    """The error names the command, with the model as it was asked for."""
    message = "model 'llama3' not found"
    error = _read(404, message)
    assert (error.message, error.advice) == (message, "`ollama pull llama3` gets it")


@pytest.mark.parametrize(
    ("model", "body"),
    [("llama3", b"404 page not found"), (None, b'{"error": "not found"}'), ("llama3", b"")],
    ids=["text", "no-model", "empty"],
)
def test_another_404_points_at_the_address(model: str | None, body: bytes) -> None:
    """Where no model is missed, it is the address that is wrong."""
    error = read_error(model, 404, {}, body)
    assert isinstance(error, ModelNotFound)
    assert "OLLAMA_HOST" in str(error)
    assert "ollama pull" not in str(error)


def test_the_headers_count() -> None:
    """How long to wait, whom to cite and whether to retry come from the headers."""
    hints = {"retry-after": "7", "x-request-id": "r1", "x-should-retry": "false"}
    error = _read(429, "slow down", **hints)
    assert (error.retry_after_s, error.request_id, error.is_retryable) == (7, "r1", False)


@pytest.mark.parametrize(
    ("message", "kind", "is_retryable"),
    [
        ("an error was encountered while running the model", ProviderError, False),
        (BUSY, Overloaded, True),
        (THINKING, UnsupportedFeature, False),
        (LONG, ContextTooLong, False),
    ],
    ids=["unknown", "busy", "unsupported", "long"],
)
def test_an_error_line_has_its_class(
    message: str, kind: type[HeadwaterError], is_retryable: bool
) -> None:
    """Inside a 200 the sentence alone decides; one that we do not know is not tried again."""
    error = line_error(message)
    assert type(error) is kind
    assert (error.message, error.status, error.is_retryable) == (message, None, is_retryable)


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b'{"error": "\xff"}', b"[]", b"7", b"<html>", b'{"error": {"message": "no"}}'],
    ids=repr,
)
def test_any_body_is_read(body: bytes) -> None:
    """A body of any shape gives the error of its status."""
    assert type(read_error("llama3", 500, {}, body)) is ServerError
