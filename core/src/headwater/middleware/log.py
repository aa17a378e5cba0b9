"""One log line for each call."""

from __future__ import annotations

import logging
import sys
import time
from asyncio import CancelledError
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from ..call import Call
from ..errors import HeadwaterError, printable
from ..events import Finished, is_content
from ..responses import ChatResponse
from ..usage import Usage, tokens_per_s
from .chain import Handler

__all__ = ["Log", "Logger"]

T = TypeVar("T")

_stdlib_logger = logging.getLogger("headwater")
_stdlib_logger.addHandler(logging.NullHandler())  # a library prints nothing by itself


class Logger(Protocol):
    """Take events with their fields, as structlog's loggers do."""

    def info(self, event: str, **fields: Any) -> Any:
        """Log an event of the ordinary kind."""
        ...

    def warning(self, event: str, **fields: Any) -> Any:
        """Log an event that somebody should look at."""
        ...


class Log:
    """Log how each call ended, through structlog: never prompt, answer or key.

    `call.finished`, `call.failed` or `call.cancelled` once a call, and `attempt.retried` before
    each further attempt. Where the application has configured structlog, that holds; else
    the lines go to the standard library's logger "headwater", which prints nothing by itself.

    Args:
        logger: Where to log; None: as above.
    """

    def __init__(self, logger: Logger | None = None) -> None:
        self._logger = logger

    def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Pass everything on, and log the end; where nobody would see it, do nothing at all."""
        logger = self._logger or _configured_logger()
        return call_next(call) if logger is None else self._logged(call, call_next, logger)

    async def _logged(
        self, call: Call, call_next: Handler[T], logger: Logger
    ) -> AsyncGenerator[T, None]:
        record = _Record(call, logger)
        call.progress.on_retried = record.retried
        try:
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    record.last = item
                    if is_content(item):
                        record.first_content_s = record.elapsed_s()
                        yield item
                        break
                    yield item
                async for item in items:
                    record.last = item
                    yield item
        except (CancelledError, GeneratorExit):
            record.left()
            raise
        except HeadwaterError as error:
            record.failed(error)
            raise
        finally:
            call.progress.on_retried = None  # which leads back to the call, in a circle
        record.finished()


class _Record:
    """What is known of a call for its line."""

    def __init__(self, call: Call, logger: Logger) -> None:
        self.first_content_s: float | None = None
        self.last: object = None
        self._call = call
        self._logger = logger
        self._started = time.monotonic()

    def elapsed_s(self) -> float:
        return round(time.monotonic() - self._started, 4)

    def retried(self, error: HeadwaterError, wait_s: float) -> None:
        self._logger.info(
            "attempt.retried", **self._facts(), **_facts_of(error), wait_s=round(wait_s, 4)
        )

    def left(self) -> None:
        if isinstance(self.last, Finished):
            self.finished()
        else:
            self._logger.info("call.cancelled", **self._facts(), total_s=self.elapsed_s())

    def failed(self, error: HeadwaterError) -> None:
        self._logger.warning(
            "call.failed", **self._facts(), **_facts_of(error), total_s=self.elapsed_s()
        )

    def finished(self) -> None:
        usage, reason = _outcome(self.last)
        total_s = self.elapsed_s()
        fields = {
            "first_content_s": self.first_content_s,
            "total_s": total_s,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "usage_provenance": usage.provenance.value,
            "output_tokens_per_s": tokens_per_s(usage, self.first_content_s, total_s),
            "finish_reason": reason,
        }
        self._logger.info("call.finished", **self._facts(), **fields)

    def _facts(self) -> dict[str, Any]:
        call = self._call
        return {
            "call_id": call.id,
            "operation": call.operation.value,
            "provider": call.request.model.provider,
            "model": call.request.model.name,
            "attempt": call.attempt,
            "request_id": call.progress.request_id,
        }


def _facts_of(error: HeadwaterError) -> dict[str, Any]:
    """Name an error without its message, which may quote the conversation."""
    return {
        "error": type(error).__name__,
        "category": error.category.value,
        "status": error.status,
        "code": None if error.code is None else printable(error.code)[:80],
    }


def _outcome(last: object) -> tuple[Usage, str | None]:
    match last:
        case Finished(reason=reason, usage=usage):
            return usage or Usage(), reason.value
        case ChatResponse(usage=usage, finish_reason=finish_reason):
            return usage, finish_reason.value if finish_reason else None
        case Usage():
            return last, None
        case _:
            return Usage(), None


def _configured_logger() -> Logger | None:
    """Find where lines should go; None: nobody would see them.

    Nobody can have configured structlog without importing it, and importing it is costly.
    """
    present = sys.modules.get("structlog")
    if present is not None and present.is_configured():
        return cast("Logger", present.get_logger("headwater"))
    has_handler = len(_stdlib_logger.handlers) > 1 or logging.getLogger().handlers
    if not has_handler or not _stdlib_logger.isEnabledFor(logging.WARNING):
        return None
    return _logger_of_ours()


@cache
def _logger_of_ours() -> Logger:
    import structlog  # only here: it costs more than all of Headwater to import

    return cast(
        "Logger",
        structlog.wrap_logger(
            _stdlib_logger,
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.processors.KeyValueRenderer(key_order=["event"]),
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
        ),
    )
