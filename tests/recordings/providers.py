"""The provider of each recording: its own row of the hosted services where it has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import entry_points

from headwater_openai import OpenAI
from headwater_xai import XAI

from .recording import Recording

__all__ = ["provider_of"]

_DIALECT = "headwater_chat_completions."
# Providers with a package of their own, told to speak this dialect.
_OTHERS: Mapping[str, Callable[..., object]] = {
    "openai": partial(OpenAI, api="chat"),
    "xai": partial(XAI, api="chat"),
}


def provider_of(recording: Recording, base_url: str) -> object:
    """Make the provider object, through its entry point; the generic one for who has none."""
    points = entry_points(group="headwater")
    rows = {point.name: point for point in points if point.value.startswith(_DIALECT)}
    make = _OTHERS.get(recording.provider)
    if make is None:
        make = rows.get(recording.provider, rows["compatible"]).load()
    return make(api_key="test-key", base_url=base_url)
