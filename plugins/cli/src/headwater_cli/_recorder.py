"""A transport that sends nothing: it notes what would be sent, and refuses."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from typing import Final, NoReturn, TypeVar

from headwater import HeadwaterError, Secret
from headwater.secret import redact
from headwater.wire.transport import HTTPRequest, ReadError, Response
from headwater.wire.url import allowed_hosts, check_address, check_secrecy

__all__ = ["NOT_SENT", "NotSent", "RecordingTransport", "header_text", "request_body"]

T = TypeVar("T")

NOT_SENT: Final = "nothing is sent here"


class NotSent(HeadwaterError):
    """Say that a request was noted, and nothing sent."""


class RecordingTransport:
    """Note the requests of a call, in place of the network.

    Attributes:
        requests: What would have been sent.
    """

    def __init__(self) -> None:
        self.requests: list[HTTPRequest] = []

    def send(
        self, request: HTTPRequest, *, errors: ReadError
    ) -> AbstractAsyncContextManager[Response]:
        """Note a request that could be sent, and refuse it.

        Raises:
            ConfigurationError: It could not be sent, as the real transport would find as well.
            NotSent: It could.
        """
        return self._refuse(request)

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Wait for something that is no HTTP."""
        return await awaitable

    def _refuse(self, request: HTTPRequest) -> NoReturn:
        self.requests.append(request)
        check_address(request.url)
        if _secrets(request):
            check_secrecy(request.url, allowed_hosts())
        raise NotSent(NOT_SENT)


def header_text(value: str | Secret) -> str:
    """Show the value of a header; of a key its scheme alone."""
    return value.remove_from(value.reveal()) if isinstance(value, Secret) else value


def request_body(request: HTTPRequest) -> str:
    """Show the body of a request, without the keys that are sent with it."""
    return redact((request.body or b"").decode("utf-8", "replace"), _secrets(request))


def _secrets(request: HTTPRequest) -> list[Secret]:
    return [value for value in request.headers.values() if isinstance(value, Secret)]
