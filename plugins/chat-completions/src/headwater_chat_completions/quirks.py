"""What sets one server of the dialect apart from another, declared as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeAlias

import attrs

from headwater import Audio, Document, HeadwaterError, Image, JSONObject, ReasoningEffort, Video

__all__ = ["MediaKind", "Quirks", "ReasoningBack"]

MediaKind: TypeAlias = type[Image] | type[Audio] | type[Document] | type[Video]
"""A kind of part that holds a file."""

_EFFORTS: Final[Mapping[ReasoningEffort, JSONObject]] = {
    effort: {"reasoning_effort": effort.value} for effort in ReasoningEffort
}


class ReasoningBack(StrEnum):
    """In what form a server wants its own reasoning sent back with the conversation."""

    CONTENT_FIELD = "reasoning_content"
    FIELD = "reasoning"
    DETAILS = "reasoning_details"
    THINKING_PARTS = "thinking"


@attrs.frozen(kw_only=True)
class Quirks:
    """Declare how a server deviates from the dialect as most servers speak it.

    Attributes:
        system_role: The role of a system message: "system", or "developer" for newer OpenAI models.
        max_tokens_field: The field for the longest answer.
        seed_field: The field for the seed; None: the server has none.
        required_word: The word of `tool_choice` for "must call a tool".
        asks_for_usage: Whether a stream has to be asked for its usage, with `stream_options`.
        reasoning_is_beside: Whether the server counts reasoning beside its output tokens, not as a
            part of them; its own total, where there is one, says so or denies it.
        media: The kinds of files that a user message may hold.
        result_media: The kinds of files that a tool result may hold.
        takes_json_schema: Whether the answer can be held to a schema, not to JSON alone.
        efforts: What each reasoning effort puts into the body; one that is not there is refused.
        reasoning_back: How its own reasoning is sent back; None: it does not want it.
        call_id_chars: The only length that the id of a tool call may have, in letters and digits;
            None: any id does.
        key_header: The header that carries the key; "authorization" is given as a Bearer token.
        header_variables: Further headers, each with the environment variable that holds its value;
            one that is not set is not sent.
        chat_path: Where answers are asked for, below the base URL.
        models_path: Where the models are listed, below the base URL; None: nowhere.
        health_path: Where the server tells its health, below its root; None: nowhere.
        context_phrases: What stands in the message of a refusal for too long an input, for servers
            that have no code for it.
        key_phrases: What stands in the message of a refusal of the key, where neither status nor
            code tells it.
        error_codes: Codes of errors that this server has to itself, and the class of each.

    Source:
        FORMATS 2.1 and 8, which list the servers.
    """

    system_role: str = "system"
    max_tokens_field: str = "max_tokens"
    seed_field: str | None = "seed"
    required_word: str = "required"
    asks_for_usage: bool = True
    reasoning_is_beside: bool = False
    media: frozenset[MediaKind] = frozenset({Image, Audio, Document})
    result_media: frozenset[MediaKind] = frozenset()
    takes_json_schema: bool = True
    efforts: Mapping[ReasoningEffort, JSONObject] = attrs.field(factory=lambda: _EFFORTS)
    reasoning_back: ReasoningBack | None = None
    call_id_chars: int | None = None
    key_header: str = "authorization"
    header_variables: Mapping[str, str] = attrs.field(factory=dict)
    chat_path: str = "/chat/completions"
    models_path: str | None = "/models"
    health_path: str | None = None
    context_phrases: tuple[str, ...] = ("maximum context length", "max context length")
    key_phrases: tuple[str, ...] = ()
    error_codes: Mapping[str, type[HeadwaterError]] = attrs.field(factory=dict)
