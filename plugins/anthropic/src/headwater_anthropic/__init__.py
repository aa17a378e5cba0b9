"""Anthropic for Headwater: Claude, over the Messages API.

_models               what sets one family of models apart from another
_messages, _encode    what is asked, as the JSON body
_wire                 the part of the JSON that we read
_usage, _blocks       token counts; the blocks that an answer is made of
_decode               frames to events
_errors               statuses and error frames to errors
_plugin               the provider object: encode, send, decode
"""

from ._plugin import Anthropic

__all__ = ["Anthropic"]
