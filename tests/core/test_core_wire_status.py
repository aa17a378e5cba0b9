"""Status, headers and error bodies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headwater import (
    AuthenticationError,
    Category,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    PermissionDenied,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    ServerError,
)
from headwater.wire.status import (
    ErrorBody,
    error_class,
    request_id,
    retry_after_s,
    status_error,
)


@pytest.mark.parametrize(
    ("status", "kind", "category"),
    [
        (400, InvalidRequest, Category.BAD_REQUEST),
        (401, AuthenticationError, Category.AUTH),
        (402, QuotaExceeded, Category.RATE_LIMIT),
        (403, PermissionDenied, Category.AUTH),
        (404, ModelNotFound, Category.NOT_FOUND),
        (408, ServerError, Category.SERVER),
        (409, ServerError, Category.SERVER),
        (418, InvalidRequest, Category.BAD_REQUEST),
        (425, ServerError, Category.SERVER),
        (429, RateLimited, Category.RATE_LIMIT),
        (500, ServerError, Category.SERVER),
        (503, Overloaded, Category.SERVER),
        (529, Overloaded, Category.SERVER),
        (599, ServerError, Category.SERVER),
        (600, ProviderError, Category.PROVIDER_STREAM),
    ],
)
def test_each_status_has_its_class(
    status: int, kind: type[HeadwaterError], category: Category
) -> None:
    """And its class says the category."""
    assert (error_class(status), kind.category) == (kind, category)


NOW = datetime(2026, 10, 21, 7, 27, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1.0),
        ({"retry-after": "0.7"}, 0.7),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 60.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00"}, 60.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:26:00 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_a_retry_hint_is_read(headers: dict[str, str], seconds: float | None) -> None:
    """In milliseconds, in seconds, as a date; what cannot be read is none."""
    assert retry_after_s(headers, now=NOW) == seconds


@pytest.mark.parametrize(
    "name", ["x-request-id", "request-id", "x-generation-id", "apim-request-id", "cf-ray"]
)
def test_a_request_id_is_found(name: str) -> None:
    """Under each of its names, fit for a terminal and not too long."""
    assert request_id({name: "r\x1b" + "1" * 300}) == "r\\x1b" + "1" * 195


@pytest.mark.parametrize("headers", [{}, {"server": "x"}, {"x-request-id": ""}], ids=str)
def test_no_request_id_is_none(headers: dict[str, str]) -> None:
    """Nothing is made up."""
    assert request_id(headers) is None


def test_an_empty_request_id_hides_no_other() -> None:
    """The next of its names counts."""
    assert request_id({"x-request-id": "", "cf-ray": "r1"}) == "r1"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no"}}', "no"),
        (b'{"error": "no"}', "no"),
        (b'{"message": "no"}', "no"),
        (b'{"detail": "no"}', "no"),
        (b'{"detail": {"msg": "no"}}', "no"),
        (b'{"detail": [{"msg": "no"}, {"msg": "never"}, 5]}', "no; never"),
        (b'[{"error": {"message": "no"}}]', "no"),
        (b"no", "no"),
        (b'"no"', "no"),
        (b"  no \x1b ", "no \\x1b"),
        (b"", ""),
        (b"{}", ""),
        (b"[]", ""),
        (b"null", ""),
        (b'{"message": 5}', ""),
    ],
)
def test_an_error_is_read_in_any_shape(body: bytes, message: str) -> None:
    """Each provider has its own; the words are found."""
    assert ErrorBody.read(body).message == message


def test_an_error_body_keeps_its_facts() -> None:
    """Type, code, parameter, and the object whole."""
    read = ErrorBody.read('{"error": {"type": "t", "code": 5, "param": "p", "x": 1}}')
    assert (read.type, read.code, read.param, read.details["x"]) == ("t", "5", "p", 1)


def test_a_long_message_is_cut() -> None:
    """A page of words is not carried through."""
    assert len(ErrorBody.read("x" * 1000).message) == 500


def test_an_error_is_made_of_status_headers_and_body() -> None:
    """With all that was said."""
    error = status_error(
        429,
        {"retry-after": "5", "x-request-id": "r"},
        ErrorBody("slow", type="rate", code=None),
    )
    assert type(error) is RateLimited
    assert (error.retry_after_s, error.request_id, error.code) == (5.0, "r", "rate")
    assert (str(error), error.is_retryable) == ("slow [status 429, request id r]", True)


def test_an_error_without_words_says_so() -> None:
    """A status alone is said to be all there was."""
    assert "status 500 and said no more" in status_error(500, {}, ErrorBody("")).message


@pytest.mark.parametrize(
    ("header", "given", "retryable"),
    [("false", True, False), ("TRUE", False, True), ("maybe", False, False), ("", None, True)],
)
def test_the_server_has_the_last_word_on_retrying(
    header: str, given: bool | None, retryable: bool
) -> None:
    """`x-should-retry`, then the provider's code, then the class."""
    error = status_error(500, {"x-should-retry": header}, ErrorBody("x"), is_retryable=given)
    assert error.is_retryable is retryable


def test_a_code_may_choose_the_class() -> None:
    """And a body may name the wait where no header does."""
    error = status_error(429, {}, ErrorBody("x"), kind=QuotaExceeded, retry_after=3.0)
    assert (type(error), error.retry_after_s) == (QuotaExceeded, 3.0)
