"""What an error of a plugin is completed with as it leaves; the grammar is in the fault tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import attrs
import pytest

from headwater import (
    AuthenticationError,
    ChatRequest,
    ContextTooLong,
    Event,
    HeadwaterError,
    ModelNotFound,
    ProviderInfo,
    QuotaExceeded,
    Runner,
    ServerError,
    StreamInterrupted,
    TextDelta,
    hookimpl,
)
from headwater.wire.transport import Transport


@attrs.define
class Fails:
    """Fail as it is told."""

    error: HeadwaterError
    info: ProviderInfo

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        raise self.error
        yield TextDelta("")


KEYED = ProviderInfo("P", key_variables=("P_KEY", "OLD_KEY"))
KEYLESS = ProviderInfo("P")


@pytest.mark.parametrize(
    ("error", "info", "advice"),
    [
        (AuthenticationError("no"), KEYED, "check P_KEY or OLD_KEY"),
        (ModelNotFound("no"), KEYED, "`headwater models p`"),
        (ContextTooLong("no"), KEYED, "shorten the conversation"),
        (QuotaExceeded("no"), KEYED, "top up the account"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, HeadwaterError) else None,
)
async def test_an_error_says_what_to_do(
    error: HeadwaterError, info: ProviderInfo, advice: str
) -> None:
    """Where the provider's own words seldom do."""
    with pytest.raises(type(error)) as caught:
        await Runner(providers={"p": Fails(error, info)}).chat("p/m", "Hi")
    assert str(caught.value).startswith("no")
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    "error", [AuthenticationError("no"), ServerError("no", is_retryable=False)]
)
async def test_an_error_without_advice_is_left_as_it_is(error: HeadwaterError) -> None:
    """Nothing is added where there is nothing to say."""
    with pytest.raises(HeadwaterError) as caught:
        await Runner(providers={"p": Fails(error, KEYLESS)}).chat("p/m", "Hi")
    assert str(caught.value) == "no"
    assert (caught.value.provider, caught.value.model) == ("p", "p/m")


class Ends:
    """End an answer early: before it has begun, or after a word."""

    @hookimpl
    async def stream_chat(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        if request.model.name == "word":
            yield TextDelta("a")


@pytest.mark.parametrize(
    ("model", "told"), [("nothing", "without a word"), ("word", "before the provider's end mark")]
)
async def test_an_early_end_says_how_early(model: str, told: str) -> None:
    """An answer that never began is told apart from one that was cut."""
    with pytest.raises(StreamInterrupted, match=told):
        await Runner(providers={"p": Ends()}).chat(f"p/{model}", "Hi", attempts=1)
