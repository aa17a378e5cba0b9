"""The OpenAI-compatible dialect: a library for plugin authors, and the servers that speak it.

quirks, services      what sets a server apart, and the ones known by name
_messages, _encode    what is asked, as the JSON body
_wire                 the part of the JSON that we read
_calls, _decode       frames to events
_errors               statuses and error frames to errors
_plugin               the provider object: encode, send, decode
"""

from ._plugin import ChatCompletions
from .quirks import Quirks, ReasoningBack
from .services import Service

__all__ = ["ChatCompletions", "Quirks", "ReasoningBack", "Service"]
