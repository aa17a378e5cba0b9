"""Google Gemini: `generateContent`, of the Gemini API and of Vertex AI.

_families             what sets the models apart
_contents, _encode    what is asked, as the JSON body
_address              where it goes
_wire                 the part of the JSON that we read
_partial_args         arguments that come in pieces
_parts, _decode       frames to events
_errors               statuses and error frames to errors
_plugin               the provider object: encode, send, decode
"""

from ._plugin import Google

__all__ = ["Google"]
