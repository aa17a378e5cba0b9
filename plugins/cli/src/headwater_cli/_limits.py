"""Which limits hold for a call, and who has set each."""

from __future__ import annotations

from typing import Final

import attrs

from headwater import ChatOptions, Limits
from headwater.middleware.deadline import TOTAL_S
from headwater.middleware.retry import ATTEMPTS
from headwater.middleware.timeout import CONNECT_S, CONTENT_GAP_S, FIRST_CONTENT_S, IDLE_S
from headwater.options import read_limits

__all__ = ["EffectiveLimit", "effective_limits"]

_DEFAULTS: Final = Limits(
    connect_s=CONNECT_S,
    first_content_s=FIRST_CONTENT_S,
    idle_s=IDLE_S,
    content_gap_s=CONTENT_GAP_S,
    total_s=TOTAL_S,
    attempts=ATTEMPTS,
)


@attrs.frozen
class EffectiveLimit:
    """Hold a limit that holds for a call.

    Attributes:
        name: What -o calls it.
        value: Seconds, or for `attempts` a count.
        place: Who has set it: "call", "provider" or "default".
    """

    name: str
    value: float
    place: str


def effective_limits(options: ChatOptions, declared: Limits) -> list[EffectiveLimit]:
    """Tell which limits hold, in the order in which they are looked for.

    The middleware of the command sets none: it is the runner's usual one.

    Args:
        options: The options of the call, the ones from `headwater config` among them.
        declared: What the provider declares.
    """
    sources = {"call": read_limits(options), "provider": declared, "default": _DEFAULTS}
    found = []
    for field in attrs.fields(Limits):
        place, value = next(
            (place, value)
            for place, limits in sources.items()
            if (value := getattr(limits, field.name)) is not None
        )
        found.append(EffectiveLimit(field.name, value, place))
    return found
