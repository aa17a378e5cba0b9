"""Layers round the hooks: logging, the deadline, retry, timeouts, and the shape of your own.

The first layer is outermost: `[Log(), Deadline(), Retry(), Timeout()]` times each attempt and logs
the call once.
"""

from ..call import Call
from .chain import Handler, Middleware, compose
from .deadline import Deadline
from .log import Log
from .retry import Retry
from .timeout import Timeout

__all__ = ["Call", "Deadline", "Handler", "Log", "Middleware", "Retry", "Timeout", "compose"]
