"""What a provider may lack, by name."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Feature"]


class Feature(StrEnum):
    """Name what a provider may lack; it says so in `unsupported`, and a check is skipped by it.

    Attributes:
        WIRE: It sends requests; without it nothing that concerns bytes is checked.
        WHOLE: It has a `chat` of its own, for answers in one piece.
        TOOLS: The model may ask for tools.
        REASONING: The model's reasoning is shown.
        SEALED_REASONING: The reasoning comes with a seal that has to go back as it came.
        USAGE: The provider counts tokens.
        UNKNOWN_FRAMES: Frames of a type that we do not know are passed over.
        ERROR_FRAMES: A failure may come inside an answer that has begun.
        KEY: It sends a key.
        SYSTEM: System messages.
        MAX_OUTPUT_TOKENS: The option of that name; so the next five.
        TEMPERATURE: As it says.
        TOP_P: As it says.
        STOP: As it says.
        SEED: As it says.
        TOOL_CHOICE: As it says.
        RESPONSE_FORMAT: Answers in JSON of a given schema.
        IMAGES: Pictures in a prompt, by their bytes; so the next three.
        DOCUMENTS: As it says.
        AUDIO: As it says.
        VIDEO: As it says.
        MEDIA_BY_URL: Pictures by their address.
        IMAGES_IN_RESULTS: Pictures in the result of a tool.
    """

    WIRE = "wire"
    WHOLE = "whole"
    TOOLS = "tools"
    REASONING = "reasoning"
    SEALED_REASONING = "sealed_reasoning"
    USAGE = "usage"
    UNKNOWN_FRAMES = "unknown_frames"
    ERROR_FRAMES = "error_frames"
    KEY = "key"
    SYSTEM = "system"
    MAX_OUTPUT_TOKENS = "max_output_tokens"
    TEMPERATURE = "temperature"
    TOP_P = "top_p"
    STOP = "stop"
    SEED = "seed"
    TOOL_CHOICE = "tool_choice"
    RESPONSE_FORMAT = "response_format"
    IMAGES = "images"
    DOCUMENTS = "documents"
    AUDIO = "audio"
    VIDEO = "video"
    MEDIA_BY_URL = "media_by_url"
    IMAGES_IN_RESULTS = "images_in_results"
