"""Which recording answers a request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from ..errors import InvalidRequest
from ..parts import JSONValue
from ..secret import Secret
from ..wire.recording import RecordedRequest
from ..wire.redaction import Redactor
from ..wire.transport import HTTPRequest

__all__ = ["Choosing"]

T = TypeVar("T")


class Choosing(Generic[T]):
    """Choose a reply by its recorded request, each once before the last is given again."""

    def __init__(self, asked: Sequence[RecordedRequest], replies: Sequence[T]) -> None:
        self._left = list(zip(asked, replies, strict=True))

    def __call__(self, request: HTTPRequest) -> T:
        fitting = [pair for pair in self._left if _fits(pair[0], request)]
        if not fitting:
            raise InvalidRequest(
                f"no recording fits {request.method} {urlsplit(request.url).path}: expected the "
                f"method, path and body of one of the {len(self._left)} recorded requests"
            )
        if len(fitting) > 1:
            self._left.remove(fitting[0])
        return fitting[0][1]


def _fits(asked: RecordedRequest, request: HTTPRequest) -> bool:
    return (asked.method, urlsplit(asked.url).path) == (
        request.method,
        urlsplit(request.url).path,
    ) and _value(asked.body) in (_value(request.body), _value(_redacted(request)))


def _redacted(request: HTTPRequest) -> bytes | None:
    keys = [value for value in request.headers.values() if isinstance(value, Secret)]
    return None if request.body is None else Redactor(keys).whole(request.body)


def _value(body: bytes | None) -> JSONValue | bytes:
    try:
        value: JSONValue = json.loads(body or b"null")
    except ValueError:
        return body
    return value
