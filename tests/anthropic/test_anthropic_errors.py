"""Statuses and bodies of errors to errors of ours."""

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
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from headwater_anthropic._errors import frame_error, read_error

TABLE = [
    (400, "invalid_request_error", InvalidRequest, False),
    (401, "authentication_error", AuthenticationError, False),
    (402, "billing_error", QuotaExceeded, False),
    (403, "permission_error", PermissionDenied, False),
    (404, "not_found_error", ModelNotFound, False),
    (413, "request_too_large", InvalidRequest, False),
    (429, "rate_limit_error", RateLimited, True),
    (500, "api_error", ServerError, True),
    (504, "timeout_error", ServerError, True),
    (529, "overloaded_error", Overloaded, True),
]


def body(kind: str, message: str = "No.", **more: object) -> bytes:
    """Write the body of an error."""
    error = {"type": kind, "message": message}
    return json.dumps({"type": "error", "error": error, **more}).encode()


@pytest.mark.parametrize(("status", "kind", "expected", "is_retryable"), TABLE)
def test_each_status_has_its_class(
    status: int, kind: str, expected: type[HeadwaterError], is_retryable: bool
) -> None:
    """Class and retryability come by the table of the API."""
    error = read_error(status, {}, body(kind))
    assert type(error) is expected
    assert error.is_retryable is is_retryable
    assert (error.status, error.code, error.message) == (status, kind, "No.")


@pytest.mark.parametrize(("_status", "kind", "expected", "is_retryable"), TABLE)
def test_an_error_inside_an_answer_has_the_same_class(
    _status: int, kind: str, expected: type[HeadwaterError], is_retryable: bool
) -> None:
    """It has a type in place of a status."""
    error = frame_error({"error": {"type": kind, "message": "No."}})
    assert type(error) is expected
    assert error.is_retryable is is_retryable
    assert error.status is None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", ContextTooLong),
        (
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, "
            "decrease input length or `max_tokens` and try again",
            ContextTooLong,
        ),
        (
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
            "Billing to upgrade or purchase credits.",
            QuotaExceeded,
        ),
        (
            "You have reached your specified API usage limits. You will regain access on "
            "2026-12-01 at 00:00 UTC.",
            QuotaExceeded,
        ),
        ("messages.0.content: field required", InvalidRequest),
    ],
    ids=["prompt", "prompt-and-answer", "credit", "own-limit", "other"],
)
def test_what_has_no_type_of_its_own_is_told_by_its_words(
    message: str, expected: type[HeadwaterError]
) -> None:
    """The API has one type for these and no code."""
    error = read_error(400, {}, body("invalid_request_error", message))
    assert type(error) is expected
    assert error.message == message
    assert not error.is_retryable


def test_words_count_for_nothing_in_other_errors() -> None:
    """An error that has a type of its own is what that says."""
    error = read_error(429, {}, body("rate_limit_error", "the prompt is too long for a minute"))
    assert type(error) is RateLimited


@pytest.mark.parametrize(("stated", "is_retryable"), [("true", True), ("false", False)])
def test_the_header_knows_best_whether_to_retry(stated: str, is_retryable: bool) -> None:
    """`x-should-retry` overrides the table, both ways."""
    for status, kind, _, _ in TABLE:
        error = read_error(status, {"x-should-retry": stated}, body(kind))
        assert error.is_retryable is is_retryable


def test_the_request_is_named_by_header_or_body() -> None:
    """The header counts first."""
    sent = body("api_error", request_id="req_body")
    assert read_error(500, {"request-id": "req_head"}, sent).request_id == "req_head"
    assert read_error(500, {}, sent).request_id == "req_body"


def test_how_long_to_wait_is_read() -> None:
    """A rate limit says when it ends."""
    error = read_error(429, {"retry-after": "31"}, body("rate_limit_error"))
    assert error.retry_after_s == 31


@pytest.mark.parametrize(
    "sent",
    [b"", b"<html>Bad gateway</html>", b"[]", b'{"error": "gone"}', b'{"request_id": 3}', b"\xff"],
    ids=["empty", "page", "list", "flat", "odd-id", "no-utf-8"],
)
def test_a_body_of_another_form_keeps_its_status(sent: bytes) -> None:
    """What a proxy writes is no reason to lose the class."""
    error = read_error(502, {}, sent)
    assert type(error) is ServerError
    assert error.message


def test_the_context_of_llamacpp_has_its_class() -> None:
    """Another server of this wire has a type for it."""
    sent = {"error": {"code": 400, "type": "exceed_context_size_error", "message": "too long"}}
    assert type(read_error(400, {}, json.dumps(sent).encode())) is ContextTooLong
