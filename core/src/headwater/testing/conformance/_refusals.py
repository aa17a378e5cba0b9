"""Checks of errors: each to its class, with what is worth another attempt."""

from __future__ import annotations

from typing import Final

from ...errors import HeadwaterError, RequestError
from ...wire.status import error_class
from ..replay import Reply
from ..samples import ExpectedError, Sample
from ._features import Feature
from ._promises import BrokenPromise, Skipped, promise
from ._running import Played, play, played, run, whole
from ._subject import Subject

STATUSES: Final = (400, 401, 402, 403, 404, 408, 409, 413, 422, 425, 429, 500, 502, 503, 504, 529)
_UNREADABLE: Final = (
    ("an empty body", b"", "application/json"),
    ("a web page", b"<html><body>Bad gateway</body></html>", "text/html"),
    ("plain text", b"upstream connect error", "text/plain"),
    (
        "a body of another shape",
        b'{"detail": [{"loc": ["body"], "msg": "no"}]}',
        "application/json",
    ),
    ("a list", b'[{"error": "no"}]', "application/json"),
    ("a number", b"7", "application/json"),
    ("null", b'{"error": null}', "application/json"),
    ("broken JSON", b'{"error": {"mess', "application/json"),
    ("bytes that are no text", b"\xff\xfe\x00\x01", "application/octet-stream"),
    (
        "fields of other types",
        b'{"error": {"message": 5, "code": [], "type": {}}}',
        "application/json",
    ),
)


def _refused(subject: Subject, status: int, body: bytes, **headers: str) -> list[Played]:
    """Ask for a stream and for a whole answer, and be refused."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = Reply(body, status=status, headers={"content-type": "application/json", **named})
    came = [run(lambda: play(subject, reply))]
    if Feature.WHOLE not in subject.unsupported:
        came.append(run(lambda: whole(subject, reply)))
    return came


def _error(came: Played, status: int, body: bytes) -> HeadwaterError:
    if came.error is None:
        raise BrokenPromise(f"a status of {status} is a success", body)
    return came.error


@promise("Each status is an error of its class, worth another attempt or not, with its status.")
def statuses_have_their_class(subject: Subject) -> None:
    """Answer with each status of failure, and no words that would say more."""
    body = b'{"error": {"message": "said the server"}}'
    for status in STATUSES:
        for came in _refused(subject, status, body):
            error, wanted = _error(came, status, body), error_class(status)
            fits = isinstance(error, wanted) or (
                issubclass(wanted, RequestError) and isinstance(error, RequestError)
            )
            if not fits or error.is_retryable != wanted.retryable_by_default:
                raise BrokenPromise(
                    f"a status of {status} is {_shown(error)}, expected {wanted.__name__} that is "
                    f"{_worth(wanted.retryable_by_default)}",
                    body,
                )


def _worth(is_retryable: bool) -> str:
    return "retryable" if is_retryable else "not retryable"


def _shown(error: HeadwaterError) -> str:
    return f"{type(error).__name__} ({_worth(error.is_retryable)}): {error}"


@promise("How long the provider asks us to wait is on the error.")
def retry_after_is_read(subject: Subject) -> None:
    """Refuse with 429 and 503, in the forms that `Retry-After` has."""
    body = b'{"error": {"message": "later"}}'
    for status in (429, 503):
        for value, wanted in (("7", 7.0), ("0.5", 0.5), ("soon", None), ("-3", None)):
            for came in _refused(subject, status, body, retry_after=value):
                got = _error(came, status, body).retry_after_s
                if got != wanted:
                    raise BrokenPromise(
                        f"retry-after: {value} with {status} gives retry_after_s={got!r}, "
                        f"expected {wanted!r}",
                        body,
                    )


@promise("A refusal whose body cannot be read keeps its class and its status.")
def unreadable_refusals_keep_their_class(subject: Subject) -> None:
    """Refuse with bodies that are none of the provider's."""
    for status in (401, 429, 502):
        for what, body, media_type in _UNREADABLE:
            for came in _refused(subject, status, body, content_type=media_type):
                error = _error(came, status, body)
                if not isinstance(error, error_class(status)) or error.status != status:
                    raise BrokenPromise(f"with {what}, {status} is {_shown(error)}", body)


@promise("A plugin tries once: to try again is the runner's affair.")
def it_tries_once(subject: Subject) -> None:
    """Refuse with what is worth another attempt, and count the requests."""
    body = b'{"error": {"message": "later"}}'
    for status in (429, 500, 503):
        for came in _refused(subject, status, body):
            if len(came.exchanges) != 1:
                raise BrokenPromise(f"{len(came.exchanges)} requests were sent for one call", body)


@promise("The provider's own codes are told apart: each refusal to its class.")
def refusals_are_told_apart(subject: Subject) -> None:
    """Play each sample of a refusal."""
    known = [sample for sample in subject.samples if sample.status >= 400]
    if not known:
        raise Skipped("no sample of a refusal was given")
    for sample in known:
        _check_error(subject, sample)


@promise(
    "An error inside an answer raises, with its class, and is no success.",
    feature=Feature.ERROR_FRAMES,
)
def errors_in_the_stream_raise(subject: Subject) -> None:
    """Play each sample of an answer that breaks off with an error."""
    known = [s for s in subject.samples if s.status < 400 and s.expected.error is not None]
    if not known:
        raise BrokenPromise(
            "no sample has an error in mid-stream: give one, or declare Feature.ERROR_FRAMES "
            "unsupported"
        )
    for sample in known:
        _check_error(subject, sample)


def _check_error(subject: Subject, sample: Sample) -> None:
    wanted = sample.expected.error
    assert wanted is not None
    came = played(subject, sample)
    if came.error is None:
        raise BrokenPromise("the answer is a success", sample.body, sample=sample)
    fault = _unlike(came.error, wanted)
    if fault:
        raise BrokenPromise(fault, sample.body, sample=sample)


def _unlike(error: HeadwaterError, wanted: ExpectedError) -> str:
    is_retryable = wanted.is_retryable
    if is_retryable is None:
        is_retryable = wanted.kind.retryable_by_default
    if not isinstance(error, wanted.kind) or error.is_retryable != is_retryable:
        return f"expected {wanted.kind.__name__} ({_worth(is_retryable)}), got {_shown(error)}"
    if wanted.retry_after_s is not None and error.retry_after_s != wanted.retry_after_s:
        return f"expected retry_after_s={wanted.retry_after_s!r}, got {error.retry_after_s!r}"
    if wanted.says not in str(error):
        return f"expected the provider's words {wanted.says!r}, got {error}"
    return ""
