"""OpenAI's models for Headwater."""

from ._plugin import OpenAI

__all__ = ["OpenAI"]
