"""Where requests go, on the Gemini API and on Vertex AI; pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from headwater.wire.url import join_url

__all__ = ["DEFAULT_BASE_URL", "is_vertex", "list_url", "model_path", "model_url"]

DEFAULT_BASE_URL: Final = "https://generativelanguage.googleapis.com"

_COLLECTIONS: Final = ("models", "tunedModels")
_VERSION: Final = re.compile(r"/v\d+[a-z]*\d*$")
_VERTEX: Final = re.compile(r"/(projects|publishers)/[^/]")


def is_vertex(base_url: str) -> bool:
    """Tell whether an address is that of Vertex AI: it names a project or a publisher."""
    return _VERTEX.search(base_url.partition("?")[0]) is not None


def model_path(name: str) -> str:
    """Give the path of a model, its name encoded.

    Shapes:
        "gemini-3.6-flash", "models/gemini-3.6-flash" -> "models/gemini-3.6-flash"
        "tunedModels/mine"                            -> "tunedModels/mine"
        "a/b:c"                                       -> "models/a%2Fb%3Ac"
    """
    collection, _, rest = name.partition("/")
    if not rest or collection not in _COLLECTIONS:
        collection, rest = "models", name
    return f"{collection}/{quote(rest, safe='', errors='replace')}"


@lru_cache
def model_url(base_url: str, model: str, method: str, **query: str) -> str:
    """Give the address of a model's method.

    Shapes:
        ("https://h", "m", "countTokens")         -> "https://h/v1beta/models/m:countTokens"
        ("https://h/v1", "m", "countTokens")      -> "https://h/v1/models/m:countTokens"
        ("https://h/v1/projects/p/locations/l", "m", "countTokens")
            -> "https://h/v1/projects/p/locations/l/publishers/google/models/m:countTokens"
    """
    base, _, own_query = base_url.partition("?")
    return _with_query(f"{_api(base)}/{model_path(model)}:{method}", own_query, query)


def list_url(base_url: str, **query: str) -> str:
    """Give the address of the list of models; on Vertex AI Google's, which has no project.

    Shapes:
        "https://h"                                        -> "https://h/v1beta/models"
        "https://h/v1/projects/p/locations/l/publishers/x" -> "https://h/v1beta1/publishers/google/…"
    """
    base, _, own_query = base_url.partition("?")
    if is_vertex(base):
        root = _VERSION.sub("", _VERTEX.split(base)[0])
        return _with_query(f"{root}/v1beta1/publishers/google/models", own_query, query)
    return _with_query(f"{_api(base)}/models", own_query, query)


def _api(base: str) -> str:
    """Give what stands before the path of a model."""
    base = base.rstrip("/").removesuffix("/models")
    if is_vertex(base):
        return base if "/publishers/" in base else f"{base}/publishers/google"
    return base if _VERSION.search(base) else join_url(base, "/v1beta")


def _with_query(url: str, own_query: str, query: dict[str, str]) -> str:
    pairs = [own_query] if own_query else []
    pairs += [f"{name}={quote(value, safe='')}" for name, value in query.items()]
    return f"{url}?{'&'.join(pairs)}" if pairs else url
