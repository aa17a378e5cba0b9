"""What the providers offer, asked for in the background and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from headwater import HeadwaterError, ModelId, ModelInfo, Runner

__all__ = ["Catalog"]


class Catalog:
    """Remember the models of each provider that was asked about, for one conversation.

    A provider that fails, or has no list, offers nothing here: it is no matter to fail for.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._listings: dict[str, asyncio.Task[Sequence[ModelInfo]]] = {}

    async def models(self, provider: str) -> Sequence[ModelInfo]:
        """List the models of a provider; the first time the provider is asked."""
        if provider not in self._listings:
            self._listings[provider] = asyncio.create_task(self._list(provider))
        return await asyncio.shield(self._listings[provider])

    async def max_tokens(self, model: ModelId, *, within_s: float) -> int | None:
        """Tell how much a model reads; None where that is not known in time."""
        try:
            async with asyncio.timeout(within_s):
                models = await self.models(model.provider)
        except TimeoutError:
            return None
        return next((info.max_input_tokens for info in models if info.name == model.name), None)

    async def aclose(self) -> None:
        """Ask no longer."""
        for listing in self._listings.values():
            listing.cancel()
        await asyncio.gather(*self._listings.values(), return_exceptions=True)

    async def _list(self, provider: str) -> Sequence[ModelInfo]:
        try:
            return await self._runner.list_models(provider)
        except HeadwaterError:
            return ()
