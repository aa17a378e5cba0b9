"""How each provider refuses what it is wrongly asked: its status and its own words, by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import chain
from typing import Final

import attrs

from headwater import (
    AuthenticationError,
    Category,
    ContextTooLong,
    HeadwaterError,
    InvalidRequest,
    ModelNotFound,
    QuotaExceeded,
    UnsupportedFeature,
)

__all__ = ["REFUSALS", "REQUEST_ID", "Fault", "Refusal"]

REQUEST_ID: Final = "req-1234"


class Fault(StrEnum):
    """What is wrong with a request."""

    IMAGE = "image"
    SCHEMA = "schema"
    MODEL = "model"
    KEY = "key"
    QUOTA = "quota"
    CONTEXT = "context"


_KINDS: Final[Mapping[Fault, tuple[type[HeadwaterError], Category]]] = {
    Fault.IMAGE: (InvalidRequest, Category.BAD_REQUEST),
    Fault.SCHEMA: (InvalidRequest, Category.BAD_REQUEST),
    Fault.MODEL: (ModelNotFound, Category.NOT_FOUND),
    Fault.KEY: (AuthenticationError, Category.AUTH),
    Fault.QUOTA: (QuotaExceeded, Category.RATE_LIMIT),
    Fault.CONTEXT: (ContextTooLong, Category.BAD_REQUEST),
}


@attrs.frozen
class Refusal:
    """Hold what a provider says to a fault, and what that means.

    Attributes:
        provider: Whose it is.
        fault: What was wrong.
        status: HTTP status.
        words: What it says.
        body: The body that says it.
        kind: The class of error that it is.
        category: Its category.
        header: The header that names the request; None: this provider sends none.
    """

    provider: str
    fault: Fault
    status: int
    words: str
    body: object = attrs.field(repr=False)
    kind: type[HeadwaterError]
    category: Category
    header: str | None

    def __str__(self) -> str:
        return f"{self.provider}-{self.fault}"


_Row = tuple[Fault, int, str, Mapping[str, object]]


def _rows(
    names: Sequence[str], shape: str, rows: Sequence[_Row], header: str | None = None
) -> list[Refusal]:
    """Make the refusals of providers that say the same.

    Args:
        names: The providers.
        shape: How they put an error: "object", "flat", "text", or "typed" for Anthropic.
        rows: Fault, status, words, and what stands beside the words.
        header: The header that names the request.
    """
    return [
        Refusal(
            name, fault, status, words, _BODIES[shape](words, more), *_kind(fault, more), header
        )
        for name in names
        for fault, status, words, more in rows
    ]


def _kind(fault: Fault, more: Mapping[str, object]) -> tuple[type[HeadwaterError], Category]:
    if more.get("is_feature"):
        return UnsupportedFeature, Category.BAD_REQUEST
    return _KINDS[fault]


def _plain(more: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in more.items() if key != "is_feature"}


def _object(words: str, more: Mapping[str, object]) -> object:
    return {"error": {"message": words, **_plain(more)}}


def _flat(words: str, more: Mapping[str, object]) -> object:
    return {"message": words, **_plain(more)}


def _text(words: str, more: Mapping[str, object]) -> object:
    return {"error": words, **_plain(more)}


def _typed(words: str, more: Mapping[str, object]) -> object:
    return {"type": "error", "error": {"message": words, **_plain(more)}}


_BODIES: Final = {"object": _object, "flat": _flat, "text": _text, "typed": _typed}


def _invalid(code: str | int | None = None, **more: object) -> dict[str, object]:
    return {"type": "invalid_request_error", "code": code, **more}


_QUOTA: Final = "You exceeded your current quota, please check your plan and billing details."
_CONTEXT: Final = "This model's maximum context length is 8192 tokens. However, you requested 9000."
_KEY: Final = "Incorrect API key provided: a-k**ests."
_BAD_SCHEMA: Final = "Invalid schema for response_format 'River': schema must have a 'type' key."
_BAD_IMAGE: Final = "You uploaded an unsupported image. Please use png, jpeg, gif or webp."
_NO_MODEL: Final = "The model `m` does not exist or you do not have access to it."
_INSUFFICIENT: Final = {"type": "insufficient_quota", "code": "insufficient_quota"}
_TIFF: Final = "Unsupported MIME type: image/tiff"


def _openai(model_status: int) -> list[_Row]:
    return [
        (Fault.IMAGE, 400, _BAD_IMAGE, _invalid("invalid_image_format")),
        (Fault.SCHEMA, 400, _BAD_SCHEMA, _invalid("invalid_json_schema", param="text.format")),
        (Fault.MODEL, model_status, _NO_MODEL, _invalid("model_not_found", param="model")),
        (Fault.KEY, 401, _KEY, _invalid("invalid_api_key")),
        (Fault.QUOTA, 429, _QUOTA, _INSUFFICIENT),
        (Fault.CONTEXT, 400, "Your input is too long.", _invalid("context_length_exceeded")),
    ]


_AZURE: Final[list[_Row]] = [
    (Fault.IMAGE, 400, _BAD_IMAGE, {"code": "BadRequest"}),
    (Fault.SCHEMA, 400, _BAD_SCHEMA, _invalid("invalid_json_schema")),
    (Fault.MODEL, 404, "The API deployment does not exist.", {"code": "DeploymentNotFound"}),
    (Fault.KEY, 401, "Access denied due to invalid subscription key.", {"code": "401"}),
    (Fault.QUOTA, 429, _QUOTA, _INSUFFICIENT),
    (Fault.CONTEXT, 400, "Your input is too long.", _invalid("context_length_exceeded")),
]
_ANTHROPIC: Final[list[_Row]] = [
    (Fault.SCHEMA, 400, "output_config.format.schema: unsupported keyword", _invalid()),
    (Fault.MODEL, 404, "model: m", {"type": "not_found_error"}),
    (Fault.KEY, 401, "invalid x-api-key", {"type": "authentication_error"}),
    (Fault.QUOTA, 400, "Your credit balance is too low to access the Anthropic API.", _invalid()),
    (Fault.QUOTA, 402, "Please check your billing details.", {"type": "billing_error"}),
    (Fault.CONTEXT, 400, "prompt is too long: 201000 tokens > 200000 maximum", _invalid()),
]


def _google(code: int, status: str, *details: object) -> dict[str, object]:
    return {"code": code, "status": status, "details": list(details)}


_BAD_ARGUMENT: Final = _google(400, "INVALID_ARGUMENT")
_DAILY: Final = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
_GOOGLE: Final[list[_Row]] = [
    (Fault.IMAGE, 400, _TIFF, _BAD_ARGUMENT),
    (Fault.SCHEMA, 400, "Invalid JSON schema: unknown keyword", _BAD_ARGUMENT),
    (Fault.MODEL, 404, "models/m is not found for API version v1beta", _google(404, "NOT_FOUND")),
    (
        Fault.KEY,
        400,
        "API key not valid. Please pass a valid API key.",
        _google(400, "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}),
    ),
    (Fault.QUOTA, 429, _QUOTA, _google(429, "RESOURCE_EXHAUSTED", _DAILY)),
    (
        Fault.CONTEXT,
        400,
        "The input token count (9) exceeds the maximum number of tokens allowed (8).",
        _BAD_ARGUMENT,
    ),
]
_ARGUMENT: Final = {"code": "Client specified an invalid argument"}
_USED_UP: Final = (
    "Your team t has either used all available credits or reached its monthly spending limit."
)
_XAI: Final[list[_Row]] = [
    (Fault.IMAGE, 400, "Unsupported image format: image/tiff", _ARGUMENT),
    (Fault.SCHEMA, 400, "Invalid response_format: unsupported keyword", _ARGUMENT),
    (Fault.MODEL, 404, "The model m does not exist.", {"code": "not-found"}),
    (Fault.KEY, 400, "Incorrect API key provided: a-k**ests.", {"code": "invalid-argument"}),
    (Fault.QUOTA, 429, _USED_UP, {"code": "Some resource has been exhausted"}),
    (Fault.QUOTA, 403, _USED_UP, {"code": "permission-denied"}),
    (
        Fault.CONTEXT,
        400,
        "This model's maximum prompt length is 8192 but the request contains 9000 tokens.",
        _ARGUMENT,
    ),
]
_OLLAMA: Final[list[_Row]] = [
    (Fault.IMAGE, 500, "Failed to load image: image: unknown format", {"is_feature": True}),
    (Fault.SCHEMA, 400, "invalid format: expected a valid JSON Schema object", {}),
    (Fault.MODEL, 404, "model 'm' not found", {}),
    (Fault.KEY, 401, "unauthorized", {}),
    (Fault.QUOTA, 429, "you (me) have reached your weekly usage limit, upgrade for more", {}),
    (Fault.CONTEXT, 400, "the prompt exceeds the context length of the model", {}),
]
_COMMON: Final[list[_Row]] = [
    (Fault.SCHEMA, 400, _BAD_SCHEMA, _invalid()),
    (Fault.CONTEXT, 400, _CONTEXT, _invalid()),
]
_TOP_UP: Final = (Fault.QUOTA, 402, "Insufficient Balance", _invalid("invalid_request_error"))
_GROQ: Final[list[_Row]] = [
    *_COMMON,
    (Fault.IMAGE, 400, "invalid image data", _invalid()),
    (Fault.MODEL, 404, _NO_MODEL, _invalid("model_not_found")),
    (Fault.KEY, 401, "Invalid API Key.", _invalid("invalid_api_key")),
    (Fault.QUOTA, 402, _QUOTA, _invalid()),
    (Fault.CONTEXT, 400, "Please reduce the length.", _invalid("context_length_exceeded")),
]
_MISTRAL: Final[list[_Row]] = [
    *_COMMON,
    (Fault.IMAGE, 400, "Image could not be loaded", {"type": "invalid_request_file"}),
    (Fault.MODEL, 400, "Invalid model: m", {"type": "invalid_model", "code": "1500"}),
    (Fault.KEY, 401, "Unauthorized", {}),
    (Fault.QUOTA, 402, "You have no more credit", {}),
]
_DEEPSEEK: Final[list[_Row]] = [
    _COMMON[1],
    (Fault.MODEL, 400, "Model Not Exist", _invalid("invalid_request_error")),
    (Fault.KEY, 401, "Authentication Fails", {"type": "authentication_error"}),
    _TOP_UP,
]
_OPENROUTER: Final[list[_Row]] = [
    (Fault.IMAGE, 404, "No endpoints found that support image input", {"is_feature": True}),
    (Fault.SCHEMA, 400, _BAD_SCHEMA, {"code": 400}),
    (Fault.MODEL, 400, "m is not a valid model ID", {"code": 400}),
    (Fault.KEY, 401, "No auth credentials found", {"code": 401}),
    (Fault.QUOTA, 402, "Insufficient credits. Add more.", {"code": 402}),
    (Fault.CONTEXT, 400, _CONTEXT, {"code": 400}),
]
_PERPLEXITY: Final[list[_Row]] = [
    *_COMMON,
    (Fault.IMAGE, 400, "Unsupported image type", _invalid(400)),
    (Fault.MODEL, 400, "Invalid model 'm'.", {"type": "invalid_model", "code": 400}),
    (Fault.KEY, 401, "Invalid API key provided.", {"type": "invalid_api_key", "code": 401}),
    (Fault.QUOTA, 401, _QUOTA, {"type": "insufficient_quota", "code": 401}),
]
_CEREBRAS: Final[list[_Row]] = [
    (Fault.IMAGE, 400, "Unsupported image type", _invalid()),
    (Fault.SCHEMA, 400, _BAD_SCHEMA, _invalid("wrong_api_format")),
    (Fault.MODEL, 404, "Model m does not exist", {"code": "model_not_found"}),
    (Fault.KEY, 401, "Wrong API Key", _invalid("wrong_api_key")),
    (Fault.QUOTA, 402, "Payment required", {"code": "payment_required"}),
    (Fault.CONTEXT, 400, "Please reduce the length.", _invalid("context_length_exceeded")),
]
_LOCAL: Final[list[_Row]] = [
    *_COMMON,
    (Fault.IMAGE, 400, "cannot identify image file", _invalid(400)),
    (Fault.MODEL, 404, "The model `m` does not exist.", {"type": "NotFoundError", "code": 404}),
    (Fault.KEY, 401, "Unauthorized", {}),
    (Fault.QUOTA, 402, "Payment required", {}),
]

REFUSALS: Final = tuple(
    chain(
        _rows(["openai"], "object", _openai(400), "x-request-id"),
        _rows(["openai-chat"], "object", _openai(404), "x-request-id"),
        _rows(["azure"], "object", _AZURE, "apim-request-id"),
        _rows(["anthropic"], "typed", _ANTHROPIC, "request-id"),
        _rows(["google"], "object", _GOOGLE),
        _rows(["xai", "xai-responses"], "text", _XAI, "x-request-id"),
        _rows(["ollama"], "text", _OLLAMA),
        _rows(["groq", "together"], "object", _GROQ, "x-request-id"),
        _rows(["mistral"], "flat", _MISTRAL, "x-kong-request-id"),
        _rows(["deepseek"], "object", _DEEPSEEK),
        _rows(["openrouter"], "object", _OPENROUTER, "x-generation-id"),
        _rows(["perplexity"], "object", _PERPLEXITY),
        _rows(["cerebras"], "flat", _CEREBRAS, "x-request-id"),
        _rows(["compatible"], "object", _LOCAL),
    )
)
