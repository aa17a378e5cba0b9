"""A plugin with a hook that is misspelt."""

from __future__ import annotations

from headwater import hookimpl


class Provider:
    """Implement what no one asks for."""

    @hookimpl
    async def stream_chats(self) -> None:
        """Be misspelt."""
