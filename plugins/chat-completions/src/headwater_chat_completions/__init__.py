"""The OpenAI-compatible dialect: a library for plugin authors, and the servers that speak it.

quirks, services      what sets a server apart, and a row of it that makes provider objects
hosted_services       the rows of services on the net
local_services        the rows of servers of one's own
_messages, _encode    what is asked, as the JSON body
_wire                 the part of the JSON that we read
_calls, _decode       frames to events
_address              where it goes
_errors               statuses and error frames to errors
_plugin               the provider object: encode, send, decode
"""

from ._plugin import ChatCompletions
from .quirks import Family, Quirks, ReasoningBack, effort_words, rounded_up
from .services import Service

__all__ = [
    "ChatCompletions",
    "Family",
    "Quirks",
    "ReasoningBack",
    "Service",
    "effort_words",
    "rounded_up",
]
