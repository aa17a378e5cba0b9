"""Tests of refusals and error frames to errors of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
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
)
from headwater_google._errors import frame_error, read_error


def _error(code: object, word: str, *details: object, message: str = "no") -> dict[str, object]:
    return {"error": {"code": code, "message": message, "status": word, "details": list(details)}}


def _quota(quota_id: object) -> dict[str, object]:
    return {"violations": [{"quotaId": quota_id}]}


TOO_LONG = "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576)."
BAD_KEY = {"reason": "API_KEY_INVALID", "domain": "googleapis.com"}
A_MINUTE = _quota("GenerateContentPaidTierInputTokensPerModelPerMinute")
A_DAY = _quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")

CASES = [
    pytest.param(
        400, "INVALID_ARGUMENT", (BAD_KEY,), "no", AuthenticationError, False, id="bad-key"
    ),
    pytest.param(400, "INVALID_ARGUMENT", (), TOO_LONG, ContextTooLong, False, id="too-long"),
    pytest.param(400, "INVALID_ARGUMENT", (), "no", InvalidRequest, False, id="invalid"),
    pytest.param(400, "FAILED_PRECONDITION", (), "no", InvalidRequest, False, id="precondition"),
    pytest.param(401, "UNAUTHENTICATED", (), "no", AuthenticationError, False, id="no-key"),
    pytest.param(403, "PERMISSION_DENIED", (), "no", PermissionDenied, False, id="denied"),
    pytest.param(404, "NOT_FOUND", (), "no", ModelNotFound, False, id="no-model"),
    pytest.param(429, "RESOURCE_EXHAUSTED", (A_MINUTE,), "no", RateLimited, True, id="minute"),
    pytest.param(429, "RESOURCE_EXHAUSTED", (A_DAY,), "no", QuotaExceeded, False, id="day"),
    pytest.param(429, "RESOURCE_EXHAUSTED", (), "no", RateLimited, True, id="rate"),
    pytest.param(500, "INTERNAL", (), TOO_LONG, ServerError, True, id="internal"),
    pytest.param(503, "UNAVAILABLE", (), "no", Overloaded, True, id="overloaded"),
    pytest.param(504, "DEADLINE_EXCEEDED", (), "no", ServerError, True, id="deadline"),
]


@pytest.mark.parametrize(("code", "word", "details", "message", "kind", "is_retryable"), CASES)
def test_a_refusal_has_its_class(
    code: int,
    word: str,
    details: tuple[object, ...],
    message: str,
    kind: type[HeadwaterError],
    is_retryable: bool,
) -> None:
    """The status decides, and the details where they say more; the word is the error's code."""
    body = json.dumps(_error(code, word, *details, message=message)).encode()
    error = read_error(code, {}, body)
    assert type(error) is kind
    assert (error.message, error.code, error.status) == (message, word, code)
    assert error.is_retryable is is_retryable


@pytest.mark.parametrize(("code", "word", "details", "message", "kind", "is_retryable"), CASES)
def test_a_frame_counts_as_a_refusal(
    code: int,
    word: str,
    details: tuple[object, ...],
    message: str,
    kind: type[HeadwaterError],
    is_retryable: bool,
) -> None:
    """An error inside a 200 has the same class, and no status, which was 200."""
    error = frame_error(_error(code, word, *details, message=message))
    assert type(error) is kind
    assert (error.message, error.code, error.status) == (message, word, None)
    assert error.is_retryable is is_retryable


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"error": {"code": 503, "message": "no"}}, Overloaded),
        ({"error": {"code": 200, "message": "no"}}, ProviderError),
        ({"error": {"code": 7, "status": "WHATEVER"}}, ProviderError),
        ({"error": "no"}, ProviderError),
    ],
    ids=["code-alone", "no-status", "unknown-word", "text"],
)
def test_a_frame_without_a_word_goes_by_its_code(
    value: dict[str, object], kind: type[HeadwaterError]
) -> None:
    """What nothing is known of is a plain provider error, never a crash."""
    assert type(frame_error(value)) is kind


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>no</html>", b"\xff", b"[]", b"7", b'[{"error": {"message": "no"}}]'],
    ids=["empty", "page", "bytes", "empty-list", "number", "list"],
)
def test_a_body_of_any_shape_keeps_the_status(body: bytes) -> None:
    """A list, a page, or nothing at all: the status still decides."""
    error = read_error(503, {}, body)
    assert type(error) is Overloaded
    assert error.status == 503


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        ("48s", 48.0),
        ("34.4s", 34.4),
        ("0s", None),
        ("-1s", None),
        ("nans", None),
        ("soon", None),
        ("s", None),
        (7, None),
    ],
)
def test_the_delay_of_the_body_is_read(delay: object, seconds: float | None) -> None:
    """Seconds above 0, and nothing else; a hint that cannot be read is none."""
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    value = _error(429, "RESOURCE_EXHAUSTED", "odd", info)
    assert read_error(429, {}, json.dumps(value).encode()).retry_after_s == seconds
    assert frame_error(value).retry_after_s == seconds


def test_a_header_beats_the_delay_of_the_body() -> None:
    """What HTTP says comes first."""
    body = json.dumps(_error(429, "RESOURCE_EXHAUSTED", {"retryDelay": "48s"})).encode()
    assert read_error(429, {"retry-after": "3"}, body).retry_after_s == 3


_KEYS = st.sampled_from(
    ["error", "code", "status", "message", "details", "reason", "violations", "quotaId"]
)
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), _KEYS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
)


@example(value={"error": None, "details": [{"reason": []}]}, status=400)
@given(value=_JSON, status=st.integers(400, 599))
def test_any_body_is_an_error_of_ours(value: Any, status: int) -> None:
    """Whatever JSON a server sends with a refusal, the status is kept."""
    assert read_error(status, {}, json.dumps(value).encode()).status == status
    if isinstance(value, dict):
        assert isinstance(frame_error(value), HeadwaterError)
