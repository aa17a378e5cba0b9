"""Tests of refusals and error frames to errors of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    UsageUpdated,
)
from headwater_responses import Quirks
from headwater_responses._decode import Decoder
from headwater_responses._errors import frame_error, read_error

from .written import created, decoded, ended, said, whole, written


def _read(status: int, body: object, quirks: Quirks | None = None) -> HeadwaterError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_error(quirks or Quirks(), status, {}, raw)


def _error(message: str = "no", **fields: Any) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "is_retryable"),
    [
        (400, _error(code="context_length_exceeded"), ContextTooLong, False),
        (400, _error(type="exceed_context_size_error", code=400), ContextTooLong, False),
        (400, _error(code="model_not_found"), ModelNotFound, False),
        (400, _error(code="unsupported_file", type="invalid_request_error"), InvalidRequest, False),
        (400, {"code": "invalid-argument", "error": "no"}, InvalidRequest, False),
        (401, _error(code="invalid_api_key"), AuthenticationError, False),
        (402, _error(), QuotaExceeded, False),
        (403, _error(), PermissionDenied, False),
        (404, _error(), ModelNotFound, False),
        (413, b"too large", InvalidRequest, False),
        (429, _error(code="rate_limit_exceeded"), RateLimited, True),
        (429, _error("Request too large for m1"), RateLimited, False),
        (429, _error(code="insufficient_quota"), QuotaExceeded, False),
        (500, b"", ServerError, True),
        (503, _error(type="unavailable_error"), Overloaded, True),
    ],
    ids=str,
)
def test_a_refusal_of_responses_has_the_class_that_says_most(
    status: int, body: object, kind: type[HeadwaterError], is_retryable: bool
) -> None:
    """A telling code counts first, the status otherwise; whether to retry comes with it."""
    error = _read(status, body)
    assert type(error) is kind
    assert (error.is_retryable, error.status) == (is_retryable, status)


def test_words_count_only_where_a_server_declares_them() -> None:
    """Phrases of a server without codes tell what its status does not, on refusals alone."""
    quirks = Quirks(context_phrases=("maximum prompt",), key_phrases=("Incorrect API key",))
    assert type(_read(400, _error("maximum prompt length"), quirks)) is ContextTooLong
    assert type(_read(400, _error("Incorrect API key provided."), quirks)) is AuthenticationError
    assert type(_read(500, _error("Incorrect API key provided."), quirks)) is ServerError
    assert type(_read(400, _error("maximum prompt length"))) is InvalidRequest


def test_a_server_of_the_dialect_may_have_codes_of_its_own() -> None:
    """Codes that only one server has are declared with it."""
    quirks = Quirks(error_codes={"77": QuotaExceeded})
    assert type(_read(429, _error(code=77), quirks)) is QuotaExceeded


@pytest.mark.parametrize(
    ("code", "kind", "is_retryable"),
    [
        ("server_error", ServerError, True),
        ("rate_limit_exceeded", RateLimited, True),
        ("vector_store_timeout", ServerError, True),
        ("insufficient_quota", QuotaExceeded, False),
        ("context_length_exceeded", ContextTooLong, False),
        ("invalid_prompt", InvalidRequest, False),
        ("bio_policy", InvalidRequest, False),
        ("invalid_image_format", InvalidRequest, False),
        ("image_too_large", InvalidRequest, False),
        ("503", Overloaded, True),
        (429, RateLimited, True),
        ("nobody_knows", ProviderError, False),
        (None, ProviderError, False),
    ],
    ids=str,
)
def test_an_error_inside_a_200_is_one_in_every_shape(
    code: object, kind: type[HeadwaterError], is_retryable: bool
) -> None:
    """Nested, flat, in a failed response, streamed or whole: one class, and no status."""
    inner = {"code": code, "message": "no", "param": None}
    for value in ({"type": "error", "error": inner}, {"type": "error", **inner}, {"error": inner}):
        error = frame_error(Quirks(), value)
        assert type(error) is kind
        assert (error.is_retryable, error.status, error.message) == (is_retryable, None, "no")
        assert error.code == (None if code is None else str(code))
    attempts: list[Callable[[], object]] = [
        lambda: decoded(written("error", **inner)),
        lambda: decoded(ended("failed", error=inner)),
        lambda: decoded(json.dumps({"error": inner})),
        lambda: Decoder(Quirks()).whole(whole(status="failed", error=inner)),
        lambda: Decoder(Quirks()).whole(json.dumps({"error": inner}).encode()),
    ]
    for attempt in attempts:
        with pytest.raises(kind, match="no"):
            attempt()


def test_an_error_is_told_once() -> None:
    """The failed response that follows an error frame adds nothing."""
    decoder = Decoder(Quirks())
    decoder.feed(written("error", code="server_error", message="first"))
    assert decoder.is_done
    assert decoder.feed(ended("failed", error={"code": "invalid_prompt", "message": "2"})) == []
    with pytest.raises(ServerError, match="first"):
        decoder.check()


def test_a_failed_response_keeps_its_usage() -> None:
    """What a failure cost is reported before it is raised."""
    decoder = Decoder(Quirks())
    events = [*decoder.feed(created()), *decoder.feed(said("a"))]
    last = decoder.feed(ended("failed", error={"code": "server_error", "message": "no"}))
    assert len(events) == 2
    assert isinstance(last[0], UsageUpdated)
    with pytest.raises(ServerError):
        decoder.check()


def test_an_error_may_be_flat_text_with_a_code() -> None:
    """The shape of xAI counts inside a 200 too, with its code."""
    error = frame_error(Quirks(), {"code": "server_error", "error": "busy"})
    assert type(error) is ServerError
    assert (error.message, error.code) == ("busy", "server_error")


def test_an_error_without_words_gets_some() -> None:
    """A failure that says nothing is told so."""
    with pytest.raises(ProviderError, match="said no more"):
        decoded(ended("failed", error=None))


def test_an_error_event_may_be_plain_text() -> None:
    """The words of an event that is named an error count though they are no JSON."""
    decoder = Decoder(Quirks())
    decoder.feed("upstream is gone", "error")
    with pytest.raises(ProviderError, match="upstream is gone"):
        decoder.check()


@given(status=st.integers(400, 599), body=st.binary() | st.text().map(str.encode))
def test_any_body_of_a_refusal_gives_an_error_with_its_status(status: int, body: bytes) -> None:
    """Whatever a server says with a refusal, it becomes an error of ours."""
    assert _read(status, body).status == status
