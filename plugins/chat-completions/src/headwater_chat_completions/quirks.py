"""What sets one server of the dialect apart from another, declared as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeAlias

import attrs

from headwater import Audio, Document, HeadwaterError, Image, JSONObject, ReasoningEffort, Video

__all__ = [
    "Efforts",
    "Family",
    "MediaKind",
    "Quirks",
    "ReasoningBack",
    "effort_words",
    "rounded_up",
]

MediaKind: TypeAlias = type[Image] | type[Audio] | type[Document] | type[Video]
"""A kind of part that holds a file."""

Efforts: TypeAlias = Mapping[ReasoningEffort, JSONObject]
"""What each reasoning effort puts into the body; one that is not there is refused."""


def rounded_up(levels: Efforts) -> Efforts:
    """Give an effort that a server lacks what the next higher one does, which it has.

    Thinking that cannot be switched off stays so: without a level for it NONE is not there.

    Shapes:
        {LOW: a, HIGH: b} -> {MINIMAL: a, LOW: a, MEDIUM: b, HIGH: b}
    """
    found: dict[ReasoningEffort, JSONObject] = {}
    level: JSONObject | None = None
    for effort in reversed(ReasoningEffort):  # it lists them from the lowest to the highest
        level = levels.get(effort, None if effort is ReasoningEffort.NONE else level)
        if level is not None:
            found[effort] = level
    return dict(reversed(found.items()))


def effort_words(*words: str) -> Efforts:
    """Declare the efforts of a server that has a word for each in `reasoning_effort`.

    Args:
        words: Those that it takes; the others are rounded up.
    """
    efforts = map(ReasoningEffort, words)
    return rounded_up({effort: {"reasoning_effort": effort.value} for effort in efforts})


_EFFORTS: Final = effort_words(*ReasoningEffort)


class ReasoningBack(StrEnum):
    """In what form a server wants its own reasoning sent back with the conversation."""

    CONTENT_FIELD = "reasoning_content"
    FIELD = "reasoning"
    DETAILS = "reasoning_details"
    THINKING_PARTS = "thinking"


@attrs.frozen(kw_only=True)
class Family:
    """Declare how a family of models differs from the others of its server.

    Attributes:
        efforts: What each reasoning effort puts into the body; None: as with the others.
        body: What every request to these models says besides.
    """

    efforts: Efforts | None = None
    body: JSONObject = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Quirks:
    """Declare how a server deviates from the dialect as most servers speak it.

    Attributes:
        origin: What `Message.origin` names its answers by: their reasoning goes back to it alone.
        system_role: The role of a system message: "system", or "developer" for newer OpenAI models.
        max_tokens_field: The field for the longest answer.
        seed_field: The field for the seed; None: the server has none.
        required_word: The word of `tool_choice` for "must call a tool".
        asks_for_usage: Whether a stream has to be asked for its usage, with `stream_options`.
        reasoning_is_beside: Whether the server counts reasoning beside its output tokens, not as a
            part of them; its own total, where there is one, says so or denies it.
        media: The kinds of files that a user message may hold.
        result_media: The kinds of files that a tool result may hold.
        takes_tools: Whether the model can be given tools, and told what they said.
        takes_json_object: Whether the answer can be held to JSON of any shape.
        takes_json_schema: Whether the answer can be held to a schema, not to JSON alone.
        efforts: What each reasoning effort puts into the body; one that is not there is refused.
        families: The models that differ from the rest, by what their names begin with.
        reasoning_back: How its own reasoning is sent back; None: it does not want it.
        reasoning_back_with_tools: Whether it wants it back only of turns in which a tool was
            called.
        call_id_chars: The only length that the id of a tool call may have, in letters and digits;
            None: any id does.
        key_header: The header that carries the key; "authorization" is given as a Bearer token.
        header_variables: Further headers, each with the environment variable that holds its value;
            one that is not set is not sent.
        bare_path: What stands below an address that is a host alone, as SDKs are given it.
        dated_path: The same where a version is asked for, by `api-version` in the address or by
            `version_variable`; "{model}" stands for the model. None: there are no versions.
        version_variable: The environment variable that holds the version.
        chat_path: Where answers are asked for, below the base URL.
        models_path: Where the models are listed, below the base URL; None: nowhere.
        health_path: Where the server tells its health, below its root; None: nowhere.
        context_phrases: What stands in the message of a refusal for too long an input, for servers
            that have no code for it.
        key_phrases: What stands in the message of a refusal of the key, where neither status nor
            code tells it.
        model_phrases: The same for a model that it does not have.
        error_codes: Codes of errors that this server has to itself, and the class of each.
        error_phrases: What stands in the message of a refusal, whatever its status, where it says
            more than the rest; the class of each.

    Source:
        FORMATS 2.1 and 8, which list the servers.
    """

    origin: str = "chat-completions"
    system_role: str = "system"
    max_tokens_field: str = "max_tokens"
    seed_field: str | None = "seed"
    required_word: str = "required"
    asks_for_usage: bool = True
    reasoning_is_beside: bool = False
    media: frozenset[MediaKind] = frozenset({Image, Audio, Document})
    result_media: frozenset[MediaKind] = frozenset()
    takes_tools: bool = True
    takes_json_object: bool = True
    takes_json_schema: bool = True
    efforts: Efforts = attrs.field(factory=lambda: _EFFORTS)
    families: Mapping[str, Family] = attrs.field(factory=dict)
    reasoning_back: ReasoningBack | None = None
    reasoning_back_with_tools: bool = False
    call_id_chars: int | None = None
    key_header: str = "authorization"
    header_variables: Mapping[str, str] = attrs.field(factory=dict)
    bare_path: str = ""
    dated_path: str | None = None
    version_variable: str | None = None
    chat_path: str = "/chat/completions"
    models_path: str | None = "/models"
    health_path: str | None = None
    context_phrases: tuple[str, ...] = ("maximum context length", "max context length")
    key_phrases: tuple[str, ...] = ()
    model_phrases: tuple[str, ...] = ()
    error_codes: Mapping[str, type[HeadwaterError]] = attrs.field(factory=dict)
    error_phrases: Mapping[str, type[HeadwaterError]] = attrs.field(factory=dict)
    _rest: Family = attrs.field(init=False, eq=False, repr=False)

    @_rest.default
    def _unknown(self) -> Family:
        return Family(efforts=self.efforts)

    def family(self, model: str) -> Family:
        """Find what is declared of a model's family; one that nobody knows is like the others."""
        for start, family in self.families.items():
            if model.startswith(start):
                is_told = family.efforts is not None
                return family if is_told else Family(efforts=self.efforts, body=family.body)
        return self._rest
