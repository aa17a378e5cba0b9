"""Recordings: one real exchange in a file, with its times, its ending, and no key.

A recording is JSON Lines: a head with the request, the answer's status and headers, then a line for
each chunk, and the ending. `docs/reference/recordings.md` has the format.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any, Final, Self

import attrs

from ..errors import ConfigurationError

__all__ = [
    "Ending",
    "FORMAT",
    "RecordedChunk",
    "RecordedRequest",
    "Recording",
    "VERSION",
    "bytes_fields",
]

VERSION: Final = 1
FORMAT: Final = "headwater_recording"


class Ending(StrEnum):
    """How an exchange ended.

    Attributes:
        COMPLETE: The body came to its end.
        LEFT: The reader closed before that: it had what it wanted, or what came was an error.
        FAILED: The network broke, or a limit ran out.
        CANCELLED: The reading task was cancelled from outside.
        UNKNOWN: The recording has no last line: the program ended first.
    """

    COMPLETE = "complete"
    LEFT = "left"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@attrs.frozen
class RecordedRequest:
    """Hold what was asked, without keys and ids.

    Attributes:
        method: "GET" or "POST".
        url: The address; values of its query that might be keys are `***`.
        headers: Names in lower case; keys and what else nobody needs are `***`.
        body: The bytes that were sent, None for none.
    """

    method: str
    url: str
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes | None = attrs.field(default=None, repr=False)


@attrs.frozen
class RecordedChunk:
    """Hold bytes, and when they were read.

    Attributes:
        at_s: Seconds since the request was begun.
        data: The bytes.
    """

    at_s: float
    data: bytes


@attrs.frozen(kw_only=True)
class Recording:
    """Hold one exchange.

    Attributes:
        request: What was asked.
        model: The id of the model that was asked; None where a provider was asked about itself.
        provider: The name of the provider; None where no call was known.
        operation: Which hook it was for; None where no call was known.
        attempt: Which attempt of the call it was, counted from 1.
        recorded_at: Date and time, UTC.
        answered_at_s: Seconds until the headers of the answer; None where none came.
        status: HTTP status; None where no answer came.
        headers: The headers of the answer.
        chunks: The body, as it came.
        ending: How it ended.
        ended_at_s: Seconds until then.
        error: The class of the error that ended it, None where none did.
        message: What that error said.
    """

    request: RecordedRequest
    model: str | None = None
    provider: str | None = None
    operation: str | None = None
    attempt: int = 1
    recorded_at: str = ""
    answered_at_s: float | None = None
    status: int | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    chunks: tuple[RecordedChunk, ...] = ()
    ending: Ending = Ending.UNKNOWN
    ended_at_s: float | None = None
    error: str | None = None
    message: str = ""

    @property
    def body(self) -> bytes:
        """Join the chunks."""
        return b"".join(chunk.data for chunk in self.chunks)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read a recording from its file.

        Raises:
            ConfigurationError: There is no such file, or it is no recording of a version that we
                know.
        """
        try:
            lines = Path(path).read_bytes().splitlines()
        except OSError as error:
            raise ConfigurationError(
                f"cannot read the recording {str(path)!r}: {error.strerror or type(error).__name__}"
            ) from None
        try:
            return cls._read([json.loads(line) for line in lines])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ConfigurationError(
                f"{str(path)!r} is no recording: expected JSON lines as HEADWATER_RECORD writes "
                f"them ({type(error).__name__}: {str(error)[:200]})"
            ) from None

    @classmethod
    def _read(cls, lines: list[dict[str, Any]]) -> Self:
        if not lines:
            raise ValueError("it is empty")
        head, *rest = lines
        version = head[FORMAT]
        if version != VERSION:
            raise ValueError(f"expected version {VERSION} of the format, got {version!r}")
        asked = head["request"]
        request = RecordedRequest(
            str(asked["method"]), str(asked["url"]), _headers(asked), _bytes(asked)
        )
        recording = cls(
            request=request,
            model=_text(head, "model"),
            provider=_text(head, "provider"),
            operation=_text(head, "operation"),
            attempt=int(head.get("attempt", 1)),
            recorded_at=str(head.get("recorded_at", "")),
        )
        chunks: list[RecordedChunk] = []
        for line in rest:
            at_s = float(line["at"])
            data = _bytes(line)
            if data is not None:
                chunks.append(RecordedChunk(at_s, data))
            elif "status" in line:
                recording = attrs.evolve(
                    recording,
                    answered_at_s=at_s,
                    status=int(line["status"]),
                    headers=_headers(line),
                )
            elif "end" in line:
                recording = attrs.evolve(
                    recording,
                    ending=Ending(line["end"]),
                    ended_at_s=at_s,
                    error=_text(line, "error"),
                    message=str(line.get("message", "")),
                )
        return attrs.evolve(recording, chunks=tuple(chunks))


def bytes_fields(data: bytes) -> dict[str, str]:
    r"""Give bytes as JSON can hold them: as text where they are text, so that people can read them.

    Shapes:
        b"data: a\n\n" -> {"text": "data: a\n\n"}
        b"\xff"        -> {"base64": "/w=="}
    """
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(line: Mapping[str, Any]) -> bytes | None:
    if "text" in line:
        text: str = line["text"]
        return text.encode()
    if "base64" in line:
        try:
            return base64.b64decode(line["base64"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"base64 that is none: {error}") from None
    return None


def _headers(line: Mapping[str, Any]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in line.get("headers", {}).items()}


def _text(line: Mapping[str, Any], key: str) -> str | None:
    value = line.get(key)
    return None if value is None else str(value)
