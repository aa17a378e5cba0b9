"""OpenAI's Responses dialect: a library for the plugins of those who speak it.

quirks                what sets a server apart
_input, _encode       what is asked, as the JSON body
_wire                 the part of the JSON that we read
_output, _decode      frames to events
_errors               statuses and error frames to errors
_plugin               the provider object: encode, send, decode
"""

from ._plugin import Responses
from .quirks import Quirks

__all__ = ["Quirks", "Responses"]
