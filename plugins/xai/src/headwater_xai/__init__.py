"""xAI's Grok for Headwater."""

from ._plugin import XAI

__all__ = ["XAI"]
