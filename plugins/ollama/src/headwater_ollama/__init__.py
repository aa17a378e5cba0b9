"""Ollama, by its native API.

_host               the address, as OLLAMA_HOST writes it
_messages, _encode  what is asked, as the JSON body
_wire               the part of the JSON that we read
_decode             lines to events
_errors             statuses and error lines to errors
_plugin             the provider object: encode, send, decode
"""

from ._plugin import Ollama

__all__ = ["Ollama"]
