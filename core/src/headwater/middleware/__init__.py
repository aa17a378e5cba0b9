"""Layers round the hooks: logging, budget, deadline, retry, timeouts, and the shape of your own.

The first layer is outermost: `[Log(), Deadline(), Retry(), Timeout()]` times each attempt and logs
the call once.
"""

from ..call import Call
from .budget import Budget
from .chain import Handler, Middleware, compose
from .deadline import Deadline
from .log import Log
from .retry import Retry
from .timeout import Timeout

__all__ = [
    "Budget",
    "Call",
    "Deadline",
    "Handler",
    "Log",
    "Middleware",
    "Retry",
    "Timeout",
    "compose",
]
