"""Tests of refusals and error frames to errors of ours."""

from __future__ import annotations

import json
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
    UnsupportedFeature,
)
from headwater_chat_completions import Quirks
from headwater_chat_completions._errors import frame_error, read_error

from .hosted import service_of


def _read(status: int, body: object, quirks: Quirks | None = None) -> HeadwaterError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_error(quirks or Quirks(), status, {}, raw)


def _error(message: str = "no", **fields: Any) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "is_retryable"),
    [
        (400, _error(code="context_length_exceeded"), ContextTooLong, False),
        (400, _error(code=400, type="exceed_context_size_error"), ContextTooLong, False),
        (400, _error("This model's maximum context length is 8 tokens."), ContextTooLong, False),
        (400, _error("exceeded max context length by 9 tokens"), ContextTooLong, False),
        (422, {"detail": "maximum context length"}, ContextTooLong, False),
        (500, _error("maximum context length"), ServerError, True),
        (400, _error(type="invalid_request_error"), InvalidRequest, False),
        (400, {"detail": [{"loc": ["body"], "msg": "bad", "type": "x"}]}, InvalidRequest, False),
        (400, _error(code="model_not_found"), ModelNotFound, False),
        (404, _error(code="DeploymentNotFound"), ModelNotFound, False),
        (404, b"<html>", ModelNotFound, False),
        (
            401,
            _error(type="authentication_error", code="invalid_request_error"),
            AuthenticationError,
            False,
        ),
        (400, _error(code="invalid_api_key"), AuthenticationError, False),
        (402, _error(), QuotaExceeded, False),
        (403, _error(), PermissionDenied, False),
        (413, b"too large", InvalidRequest, False),
        (429, _error(code="rate_limit_exceeded"), RateLimited, True),
        (429, _error("Request too large for m1"), RateLimited, False),
        (429, _error(code="insufficient_quota"), QuotaExceeded, False),
        (429, _error(type="insufficient_quota", code=None), QuotaExceeded, False),
        (429, _error(code="1305"), RateLimited, True),
        (500, b"", ServerError, True),
        (503, _error("Loading model", code=503, type="unavailable_error"), Overloaded, True),
    ],
    ids=str,
)
def test_a_refusal_has_the_class_that_says_most(
    status: int, body: object, kind: type[HeadwaterError], is_retryable: bool
) -> None:
    """A telling code counts first, the status otherwise; whether to retry comes with it."""
    error = _read(status, body)
    assert type(error) is kind
    assert error.is_retryable is is_retryable
    assert error.status == status


def test_words_in_a_message_count_only_where_declared() -> None:
    """A server that has a code for it is not judged by its words."""
    body = _error("maximum context length")
    assert type(_read(400, body, Quirks(context_phrases=()))) is InvalidRequest


def test_a_server_may_have_codes_of_its_own() -> None:
    """Codes that only one server has are declared with it."""
    quirks = Quirks(error_codes={"1113": QuotaExceeded})
    assert type(_read(429, _error(code="1113"), quirks)) is QuotaExceeded


@pytest.mark.parametrize(
    ("name", "status", "body", "kind"),
    [
        ("deepseek", 400, _error("Model Not Exist", type="invalid_request_error"), ModelNotFound),
        ("deepseek", 402, _error("Insufficient Balance"), QuotaExceeded),
        ("groq", 401, _error(code="invalid_api_key"), AuthenticationError),
        ("groq", 413, _error("Request too large", code="rate_limit_exceeded"), InvalidRequest),
        ("mistral", 400, {"message": "Invalid model: x", "code": "1500"}, ModelNotFound),
        ("mistral", 401, {"detail": "Unauthorized"}, AuthenticationError),
        ("openrouter", 400, _error("x is not a valid model ID", code=400), ModelNotFound),
        ("openrouter", 404, _error("No endpoints found that support x"), UnsupportedFeature),
        ("openrouter", 402, _error("more credits", code=402), QuotaExceeded),
        ("perplexity", 400, _error(type="invalid_model", code=400), ModelNotFound),
        ("perplexity", 401, _error(type="insufficient_quota", code=401), QuotaExceeded),
        ("cerebras", 400, {"message": "a", "code": "context_length_exceeded"}, ContextTooLong),
        ("cerebras", 404, {"message": "a", "code": "model_not_found"}, ModelNotFound),
        ("azure", 404, _error(code="DeploymentNotFound"), ModelNotFound),
        ("huggingface", 400, _error(code="model_not_supported"), ModelNotFound),
        ("zai", 429, _error(code="1113"), QuotaExceeded),
        ("zai", 429, _error(code="1305"), RateLimited),
    ],
    ids=str,
)
def test_a_service_refuses_in_its_own_words(
    name: str, status: int, body: object, kind: type[HeadwaterError]
) -> None:
    """A wrong key, no credit, too long an input, an unknown model: each has its class."""
    assert type(_read(status, body, service_of(name).quirks)) is kind


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("busy", "Provider returned error: busy"),
        ('{"error":{"message":"busy"}}', "Provider returned error: busy"),
        ("", "Provider returned error"),
        (None, "Provider returned error"),
    ],
    ids=["text", "json", "empty", "none"],
)
def test_what_the_provider_behind_said_is_told(raw: str | None, message: str) -> None:
    """A service that passes on another's error shows what that one said."""
    body = _error("Provider returned error", code=429, metadata={"raw": raw})
    assert _read(429, body).message == message
    assert frame_error(Quirks(), body).message == message


def test_a_frame_that_repeats_a_status_is_told_by_its_type() -> None:
    """A code that is just a status says less than the type beside it."""
    error = frame_error(Quirks(), _error(code=503, type="unavailable_error"))
    assert error.code == "unavailable_error"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"code": "c", "type": "t"}, "c"),
        ({"code": None, "type": "t"}, "t"),
        ({"code": 1300}, "1300"),
        ({"code": 400, "type": "invalid_api_key"}, "invalid_api_key"),
        ({"code": "400", "type": "t"}, "t"),
        ({"code": "400"}, "400"),
        ({}, None),
    ],
    ids=["code", "type", "number", "status", "status-text", "status-alone", "none"],
)
def test_the_providers_word_is_kept(fields: dict[str, Any], code: str | None) -> None:
    """The code stays on the error, or the type where there is none."""
    assert _read(400, _error(**fields)).code == code


def test_the_servers_own_advice_counts() -> None:
    """What a header says of retrying and waiting wins."""
    headers = {"x-should-retry": "false", "retry-after": "7", "x-request-id": "r1"}
    error = read_error(Quirks(), 429, headers, json.dumps(_error()).encode())
    assert (error.is_retryable, error.retry_after_s, error.request_id) == (False, 7.0, "r1")


@pytest.mark.parametrize(
    ("fields", "kind", "is_retryable"),
    [
        ({"type": "server_error", "code": None}, ServerError, True),
        ({"code": 502}, ServerError, True),
        ({"code": "503"}, Overloaded, True),
        ({"code": 400}, InvalidRequest, False),
        ({"code": "tool_use_failed", "status_code": 400}, InvalidRequest, False),
        ({"code": 401}, AuthenticationError, False),
        ({"status": 429}, RateLimited, True),
        ({"type": "rate_limit_exceeded"}, RateLimited, True),
        ({"type": "overloaded_error"}, Overloaded, True),
        ({"type": "invalid_request_error"}, InvalidRequest, False),
        ({"code": "context_length_exceeded"}, ContextTooLong, False),
        ({"code": "insufficient_quota", "status_code": 429}, QuotaExceeded, False),
        ({"code": "1305"}, ProviderError, False),
        ({"code": 200}, ProviderError, False),
        ({"code": True}, ProviderError, False),
        ({}, ProviderError, False),
    ],
    ids=str,
)
def test_an_error_frame_is_classed_by_what_is_in_it(
    fields: dict[str, Any], kind: type[HeadwaterError], is_retryable: bool
) -> None:
    """A status inside counts as one, but is not the response's; what nobody knows is told so."""
    error = frame_error(Quirks(), _error(**fields))
    assert type(error) is kind
    assert error.is_retryable is is_retryable
    assert error.status is None
    assert error.message == "no"


def test_an_error_frame_that_says_nothing_is_told_so() -> None:
    """An error without words gets some."""
    assert "said no more" in frame_error(Quirks(), {"error": {}}).message


@given(status=st.integers(400, 599), body=st.binary() | st.text().map(str.encode))
def test_any_body_gives_an_error_with_its_status(status: int, body: bytes) -> None:
    """Whatever a server says with a refusal, it becomes an error of ours."""
    assert _read(status, body).status == status
