"""What the hooks that give one value do wrong is named and contained as well."""

from __future__ import annotations

import attrs
import pytest

from headwater import (
    ChatRequest,
    ChatResponse,
    Message,
    PluginError,
    Runner,
    StreamInterrupted,
    hookimpl,
)
from headwater.wire.transport import Transport


@attrs.define
class Calls:
    """Implement `chat` and the small hooks as given."""

    value: object

    @hookimpl
    async def chat(self, request: ChatRequest, transport: Transport) -> object:
        """Give or raise it."""
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    @hookimpl
    def count_usage(self, request: ChatRequest, transport: Transport) -> object:
        """Raise it at once, which a coroutine would not."""
        raise ValueError(self.value)

    @hookimpl
    def list_models(self, transport: Transport) -> object:
        """Give no awaitable."""
        return self.value

    @hookimpl
    def check_health(self, transport: Transport) -> object:
        """Raise it at once."""
        raise ValueError(self.value)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("text", "expected a ChatResponse, got str"),
        (None, "expected a ChatResponse, got NoneType"),
        (ValueError("no"), "failed with ValueError: no"),
        (StopAsyncIteration("no"), "failed with"),
    ],
    ids=["text", "nothing", "error", "stop"],
)
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "chat"])
async def test_a_chat_hook_is_held_to_its_contract(
    value: object, what: str, streamed: bool
) -> None:
    """What `chat` gives is checked, whether it was asked for whole or streamed."""
    async with Runner(providers={"odd": Calls(value)}) as runner:
        stream = runner.stream_chat("odd/m", "Hi")
        with pytest.raises(PluginError, match=what):
            await (stream.collect() if streamed else runner.chat("odd/m", "Hi"))


async def test_a_chat_without_its_end_mark_was_cut() -> None:
    """An answer without a finish reason is a half one."""
    async with Runner(providers={"odd": Calls(ChatResponse(Message("assistant", "a")))}) as runner:
        with pytest.raises(StreamInterrupted):
            await runner.chat("odd/m", "Hi", attempts=1)


async def test_a_count_that_fails_as_it_is_called_is_named() -> None:
    """An error before there is anything to await is contained too."""
    async with Runner(providers={"odd": Calls("x")}) as runner:
        with pytest.raises(PluginError, match=r"'odd'.*failed with ValueError: x"):
            await runner.count_usage("odd/m", "Hi")


async def test_a_list_that_cannot_be_awaited_is_named() -> None:
    """A hook that is no coroutine function is a PluginError."""
    async with Runner(providers={"odd": Calls("x")}) as runner:
        with pytest.raises(PluginError, match=r"'odd'.*failed with TypeError"):
            await runner.list_models("odd")


async def test_a_health_check_that_fails_is_an_answer() -> None:
    """Whatever goes wrong is what the health check reports."""
    async with Runner(providers={"odd": Calls("x")}) as runner:
        health = await runner.check_health("odd")
    assert (health.is_ok, "failed with ValueError: x" in health.detail) == (False, True)
