"""Put a layer of your own round every call: fall back to another model."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

import attrs

from headwater import HeadwaterError, ModelId, Runner
from headwater.middleware import Call, Deadline, Handler, Log, Middleware, Retry, Timeout

T = TypeVar("T")


class Fallback:
    """Ask another model where the first one fails before it has said anything."""

    def __init__(self, model: str) -> None:
        self._model = ModelId.parse(model)

    async def __call__(self, call: Call, call_next: Handler[T], /) -> AsyncGenerator[T, None]:
        """Pass on what comes, from the one model or the other."""
        has_spoken = False
        try:
            async with aclosing(call_next(call)) as items:
                async for item in items:
                    has_spoken = True
                    yield item
        except HeadwaterError:
            if has_spoken:
                raise
        else:
            return
        other = call.with_request(attrs.evolve(call.request, model=self._model))
        async with aclosing(call_next(other)) as items:
            async for item in items:
                yield item


async def main() -> None:
    """Ask a model that does not exist."""
    layers: list[Middleware] = [Log(), Deadline(), Fallback("demo/echo"), Retry(), Timeout()]
    async with Runner(middleware=layers) as runner:
        response = await runner.chat("demo/nobody", "still answered")
        print(response.text, "by", response.model)


asyncio.run(main())
