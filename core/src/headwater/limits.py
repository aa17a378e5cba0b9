"""The limits of a call: how long each of its phases may take, and how often to try."""

from __future__ import annotations

from typing import Final

import attrs

from .errors import InvalidRequest

__all__ = ["Limits"]


def _check_limit(
    _limits: Limits, field: attrs.Attribute[float | None], value: float | None
) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InvalidRequest(
            f"expected {field.name} to be a limit in seconds above 0 (inf: no limit), got {value!r}"
        )


def _attempts(value: int | None) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidRequest(f"expected attempts to be a whole number from 1, got {value!r}")
    return value


@attrs.frozen(kw_only=True)
class Limits:
    """Hold the limits of a call, each None where nobody has said; `math.inf` is no limit.

    Attributes:
        connect_s: Until a connection stands.
        first_content_s: From the send until the first content; bytes and pings do not count.
        idle_s: Without a byte, once content has come.
        content_gap_s: Between one content and the next.
        total_s: The whole call, all attempts and waits and the consumer's own time included.
        attempts: How often to try.
    """

    connect_s: float | None = attrs.field(default=None, validator=_check_limit)
    first_content_s: float | None = attrs.field(default=None, validator=_check_limit)
    idle_s: float | None = attrs.field(default=None, validator=_check_limit)
    content_gap_s: float | None = attrs.field(default=None, validator=_check_limit)
    total_s: float | None = attrs.field(default=None, validator=_check_limit)
    attempts: int | None = attrs.field(default=None, converter=_attempts)


NO_LIMITS: Final = Limits()
