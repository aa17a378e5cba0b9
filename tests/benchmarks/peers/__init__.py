"""Other clients, each as its documentation tells to use it, kept and reused between calls.

They are an optional group of dependencies; one that is not installed is left out, and said so.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

import attrs

__all__ = ["PEERS", "Peer", "installed"]


@attrs.frozen
class Peer:
    """Hold how a peer is found.

    Attributes:
        name: What it is called in tables.
        module: The module here that drives it.
        distribution: What must be installed.
        wire: Which wire it is measured on.
    """

    name: str
    module: str
    distribution: str
    wire: str = "chat"


PEERS: Final = (
    Peer("httpx-sse and json", "peers.with_httpx_sse", "httpx-sse"),
    Peer("openai", "peers.with_openai", "openai"),
    Peer("any-llm", "peers.with_any_llm", "any-llm-sdk"),
    Peer("llm", "peers.with_llm", "llm"),
    Peer("pydantic-ai", "peers.with_pydantic_ai", "pydantic-ai-slim"),
    Peer("langchain-openai", "peers.with_langchain", "langchain-openai"),
    Peer("litellm", "peers.with_litellm", "litellm"),
    Peer("anthropic", "peers.with_anthropic", "anthropic", wire="anthropic"),
    Peer("openai, Responses", "peers.with_openai_responses", "openai", wire="responses"),
)


def installed(peer: Peer) -> str | None:
    """Give the version of a peer, None if it is not installed."""
    try:
        return version(peer.distribution)
    except PackageNotFoundError:
        return None
