"""The address of a request: completing what an SDK would be given; pure but for one variable."""

from __future__ import annotations

import os
from functools import lru_cache
from urllib.parse import quote, urlsplit

from headwater.wire.url import join_url

from .quirks import Quirks

__all__ = ["chat_url", "health_url", "models_url"]

_VERSION = "api-version"


def chat_url(base_url: str, quirks: Quirks, model: str) -> str:
    """Give the address where a model is asked.

    Shapes, for the paths of Azure:
        "https://h"                                     -> "https://h/openai/v1/chat/completions"
        "https://h?api-version=v", "m"                  ->
            "https://h/openai/deployments/m/chat/completions?api-version=v"
        "https://h/v1" and "https://h/v1/chat/completions" -> "https://h/v1/chat/completions"

    Args:
        base_url: The server's address, as far as it was given.
        quirks: How the server deviates.
        model: The model's name, for servers that have it in the path.

    Source:
        FORMATS 1.5 and, for a host alone, the SDKs of Azure and Groq.
    """
    return join_url(_completed(base_url, quirks, model), quirks.chat_path)


def models_url(base_url: str, quirks: Quirks, path: str) -> str:
    """Give the address where models are listed."""
    return join_url(_completed(base_url, quirks, ""), path)


def health_url(base_url: str, quirks: Quirks, path: str) -> str:
    """Give the address of the server's health, which is not a part of what it does."""
    if quirks.bare_path:
        parts = urlsplit(base_url)
        return f"{parts.scheme}://{parts.netloc}{path}"
    return join_url(join_url(base_url, "").rstrip("/").removesuffix("/v1"), path)


def _completed(base_url: str, quirks: Quirks, model: str) -> str:
    """Complete an address: the path below a host alone, and the version that is asked for."""
    variable = quirks.version_variable
    version = os.environ.get(variable, "").strip() if variable else ""
    paths = (quirks.chat_path, quirks.bare_path, quirks.dated_path or "")
    return _placed(base_url, *paths, version, model)


@lru_cache
def _placed(
    base_url: str, chat_path: str, bare_path: str, dated_path: str, version: str, model: str
) -> str:
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/").removesuffix(chat_path)  # copied whole, from a portal
    query = parts.query
    if not path:
        is_dated = dated_path and (version or _VERSION in query)
        path = (dated_path if is_dated else bare_path).format(model=quote(model, safe=""))
    is_versioned = dated_path and path.startswith(dated_path.partition("{")[0])
    if is_versioned and version and _VERSION not in query:
        query = f"{query}&{_VERSION}={quote(version)}".lstrip("&")
    return f"{parts.scheme}://{parts.netloc}{path}" + (f"?{query}" if query else "")
