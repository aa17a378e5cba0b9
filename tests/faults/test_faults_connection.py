"""Connections: made, used again, replaced where they died, closed where they must be."""

from __future__ import annotations

import pytest

from headwater import (
    ConnectFailed,
    Runner,
)

from .provider import Wire


async def test_a_name_without_an_address_is_named() -> None:
    """A host that does not exist is an error that says so."""
    async with Runner(providers={"wire": Wire("https://no-such-host.invalid")}) as runner:
        with pytest.raises(ConnectFailed, match="no address is known"):
            await runner.chat("wire/m", "Hi", attempts=1)
