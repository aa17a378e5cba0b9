"""The wires that several providers speak, written from the server's side.

A `Dialect` turns an `Answer` into bytes, streamed or whole, and says what a correct provider makes
of them. The conformance kit makes its payloads with it, and so can a test of yours. A provider with
a wire of its own may describe it in the same way, or give sample payloads instead.
"""

from ._answer import PLAIN, Ability, Answer, CallStyle, WrittenCall
from ._anthropic import ANTHROPIC
from ._chat_completions import CHAT_COMPLETIONS
from ._dialect import Dialect
from ._gemini import GEMINI
from ._ollama import OLLAMA
from ._responses import RESPONSES

__all__ = [
    "ANTHROPIC",
    "Ability",
    "Answer",
    "CHAT_COMPLETIONS",
    "CallStyle",
    "Dialect",
    "GEMINI",
    "OLLAMA",
    "PLAIN",
    "RESPONSES",
    "WrittenCall",
]
