"""Writing a recording: line by line as the bytes come, and put in its place at the end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
import warnings
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final

from ..errors import ConfigurationError, HeadwaterError
from ..secret import Secret
from .recording import FORMAT, VERSION, Ending, bytes_fields
from .redaction import Redactor, redacted_headers, redacted_url
from .transport import HTTPRequest

__all__ = ["Tape"]

_UNFIT: Final = re.compile(r"[^\w.-]")  # for the name of a file


class Tape:
    """Write one exchange into a file, which appears under its name once it is closed.

    A disk that fails in the middle costs the recording, and not the answer: it is given up with a
    warning.

    Args:
        folder: Where to; made if it does not exist.
        request: What is asked.

    Raises:
        ConfigurationError: The folder cannot be written to.
    """

    def __init__(self, folder: Path, request: HTTPRequest) -> None:
        keys = [value for value in request.headers.values() if isinstance(value, Secret)]
        self._redactor = Redactor(keys, keeps_ids=request.method == "GET")
        self._began_at = time.monotonic()
        self._call = request.call
        self._times: deque[float] = deque()
        self._end: dict[str, object] = {"end": Ending.LEFT}
        now = datetime.now(UTC)
        whose = "request" if self._call is None else self._call.request.model.provider
        name = f"{now:%Y%m%dT%H%M%S.%f}-{_UNFIT.sub('_', whose)}-{token_hex(3)}"
        self._path = folder / f"{name}.jsonl"
        self._part = folder / f"{name}.part"
        self._file: BinaryIO | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = open(  # noqa: SIM115  # it is closed with the tape
                self._part, "xb", opener=_for_the_user_alone
            )
        except OSError as error:
            raise ConfigurationError(
                f"cannot record into {str(folder)!r}: {error.strerror or type(error).__name__}; "
                "expected a folder that can be written to"
            ) from None
        head = {FORMAT: VERSION, "recorded_at": f"{now:%Y-%m-%dT%H:%M:%SZ}", **self._asked()}
        self._write({**head, "request": self._request(request)})

    def take_answer(self, status: int, headers: Mapping[str, str]) -> None:
        """Write down the status and the headers."""
        kept = redacted_headers(headers, self._redactor)
        self._write({"at": self._now(), "status": status, "headers": kept})

    def take_chunk(self, chunk: bytes) -> None:
        """Write down a chunk; an empty one is the end of the body."""
        if not chunk:
            self._end = {"end": Ending.COMPLETE}
            return
        self._times.append(self._now())
        self._write_chunks(self._redactor.feed(chunk))

    def take_failure(self, error: BaseException) -> None:
        """Write down what ended the exchange: the limit that ran out, where there was one."""
        ending = Ending.FAILED
        if isinstance(error, asyncio.CancelledError):
            interruption = None if self._call is None else self._call.progress.interruption
            if interruption is None:
                ending = Ending.CANCELLED
            else:
                error = interruption
        self._end = {"end": ending}
        if isinstance(error, HeadwaterError):
            said = self._redactor.text(error.message)
            self._end = {"end": ending, "error": type(error).__name__, "message": said}

    def close(self) -> None:
        """Write down the end, and put the file in its place."""
        self._write_chunks(self._redactor.close())
        self._write({"at": self._now(), **self._end})
        if self._file is not None:
            try:
                self._file.close()
                self._part.replace(self._path)
            except OSError as error:
                self._give_up(error)

    def discard(self) -> None:
        """Keep nothing of this exchange."""
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):
                file.close()
            self._part.unlink(missing_ok=True)

    def _asked(self) -> dict[str, object]:
        if (call := self._call) is None:
            return {}
        return {
            "provider": call.request.model.provider,
            "model": call.model,
            "operation": call.operation,
            "attempt": call.attempt,
        }

    def _request(self, request: HTTPRequest) -> dict[str, object]:
        body = {} if request.body is None else bytes_fields(self._redactor.whole(request.body))
        return {
            "method": request.method,
            "url": redacted_url(request.url, self._redactor),
            "headers": redacted_headers(request.headers, self._redactor),
            **body,
        }

    def _now(self) -> float:
        return round(time.monotonic() - self._began_at, 6)

    def _write_chunks(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            self._write({"at": self._times.popleft(), **bytes_fields(chunk)})

    def _write(self, line: dict[str, object]) -> None:
        if self._file is not None:
            try:
                self._file.write(json.dumps(line).encode() + b"\n")
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.discard()
        warnings.warn(
            f"the recording {self._path} is given up: {error.strerror or type(error).__name__}",
            RuntimeWarning,
            stacklevel=2,
        )


def _for_the_user_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
