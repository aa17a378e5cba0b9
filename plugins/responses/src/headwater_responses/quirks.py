"""What sets one server of the dialect apart from another, declared as data."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from headwater import HeadwaterError

__all__ = ["Quirks"]


@attrs.frozen(kw_only=True)
class Quirks:
    """Declare how a server deviates from the dialect as OpenAI speaks it.

    A family is the beginning of the names of its models; a model of none that is named is tried.

    Attributes:
        origin: The wire that `Message.origin` names: what one service has sealed, no other opens.
        system_role: The role of a system message: "system", or "developer".
        summary: What is asked for of the reasoning where the caller sets an effort; None: nothing.
        min_output_tokens: The least that `max_output_tokens` may be; None: there is no least.
        plain_families: Models that do not reason, and refuse to be asked for anything of it.
        audio_families: Models that may be sent sound.
        key_header: The header that carries the key; "authorization" is given as a Bearer token.
        header_variables: Further headers, each with the environment variable that holds its value;
            one that is not set is not sent.
        responses_path: Where answers are asked for, below the base URL.
        models_path: Where the models are listed, below the base URL; None: nowhere.
        count_path: Where input tokens are counted, below the base URL; None: nowhere.
        context_phrases: What stands in the message of a refusal for too long an input, for servers
            that have no code for it.
        key_phrases: What stands in the message of a refusal of the key, likewise.
        error_codes: Codes of errors that this server has to itself, and the class of each.
        error_phrases: What stands in the message of a refusal, whatever its status, where it says
            more than the rest; the class of each.

    Source:
        FORMATS 3 and 6.
    """

    origin: str = "responses"
    system_role: str = "system"
    summary: str | None = "auto"
    min_output_tokens: int | None = 16
    plain_families: tuple[str, ...] = ()
    audio_families: tuple[str, ...] = ()
    key_header: str = "authorization"
    header_variables: Mapping[str, str] = attrs.field(factory=dict)
    responses_path: str = "/responses"
    models_path: str | None = "/models"
    count_path: str | None = "/responses/input_tokens"
    context_phrases: tuple[str, ...] = ()
    key_phrases: tuple[str, ...] = ()
    error_codes: Mapping[str, type[HeadwaterError]] = attrs.field(factory=dict)
    error_phrases: Mapping[str, type[HeadwaterError]] = attrs.field(factory=dict)
