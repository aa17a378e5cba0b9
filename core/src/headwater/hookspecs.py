"""The contract of a plugin: the hooks that it may implement, and what it says of itself.

A hook argument may be added without breaking a plugin, since pluggy gives each implementation the
arguments that it names. What version of the contract a plugin needs is said by its dependency on
`headwater`, nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
import pluggy

from .events import EventStream
from .limits import Limits
from .requests import ChatRequest
from .responses import ChatResponse
from .usage import Usage
from .wire.transport import Transport

__all__ = ["Health", "Hooks", "ModelInfo", "ProviderInfo", "direct", "hookimpl", "hookspec"]

PROJECT: Final = "headwater"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@attrs.frozen
class ProviderInfo:
    """Describe a provider, for people and for defaults.

    Attributes:
        title: The name that people know it by.
        description: One line on what it is.
        key_variables: Environment variables that its key is looked for in, in order.
        base_url_variable: The environment variable for its address.
        homepage: Where to get a key, or to read on.
        limits: What suits it better than the general defaults.
    """

    title: str
    description: str = attrs.field(default="", kw_only=True)
    key_variables: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    base_url_variable: str | None = attrs.field(default=None, kw_only=True)
    homepage: str | None = attrs.field(default=None, kw_only=True)
    limits: Limits = attrs.field(factory=Limits, kw_only=True)


@attrs.frozen
class ModelInfo:
    """Describe a model that a provider offers.

    Attributes:
        name: What follows the provider in a model id.
        description: One line on what it is.
        max_input_tokens: How much it reads; None where the provider does not say.
        max_output_tokens: How much it writes; None where the provider does not say.
    """

    name: str
    description: str = attrs.field(default="", kw_only=True)
    max_input_tokens: int | None = attrs.field(default=None, kw_only=True)
    max_output_tokens: int | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class Health:
    """Tell whether a provider can be used.

    Attributes:
        is_ok: Whether it answers, and takes the key.
        detail: What it said, or why it cannot be used.
    """

    is_ok: bool
    detail: str = ""


class Hooks:
    """The hooks. A plugin implements at least one of `stream_chat` and `chat`.

    The runner has found the provider by its name and calls that plugin alone, so an implementation
    never declines. Before the call it has checked the request's own rules; round the call stand
    retry, timeouts and logging. An implementation opens no session, reads no clock, never sleeps,
    contains no retry loop, and waits for nothing but its transport.
    """

    @hookspec(firstresult=True)
    def stream_chat(self, request: ChatRequest, transport: Transport) -> EventStream:  # type: ignore[empty-body]  # a specification
        """Stream the answer to one request.

        Called when an application streams, and for `chat` where a plugin has no `chat`. As a rule
        an async generator function.

        Args:
            request: What is asked.
            transport: Sends, within this attempt; closes what is left open.

        Yields:
            The grammar of `headwater.events`, with `Finished` last, once the provider's end mark
            was seen. To return without it is to say that the bytes ended early: the runner raises
            `StreamInterrupted`.

        Raises:
            HeadwaterError: Any but `PluginError`; `UnsupportedFeature` before anything is sent.
        """

    @hookspec(firstresult=True)
    async def chat(self, request: ChatRequest, transport: Transport) -> ChatResponse:  # type: ignore[empty-body]  # a specification
        """Give the whole answer to one request.

        Called when an application asks for it whole, and for `stream_chat` where a plugin has no
        `stream_chat`.

        Args:
            request: What is asked.
            transport: As for `stream_chat`.

        Returns:
            The answer with its finish reason; a usage that the provider did not report is left
            unknown, and the core estimates.

        Raises:
            HeadwaterError: As for `stream_chat`.
        """

    @hookspec(firstresult=True)
    async def count_usage(self, request: ChatRequest, transport: Transport) -> Usage:  # type: ignore[empty-body]  # a specification
        """Count the input tokens that a request would cost, without sending it to the model.

        Without an implementation the core estimates.

        Args:
            request: What would be asked.
            transport: As for `stream_chat`.

        Returns:
            A usage with `input_tokens`.

        Raises:
            HeadwaterError: As for `stream_chat`.
        """

    @hookspec(firstresult=True)
    async def list_models(self, transport: Transport) -> Sequence[ModelInfo]:  # type: ignore[empty-body]  # a specification
        """List the models that the provider offers to this key. Optional.

        Args:
            transport: As for `stream_chat`.

        Raises:
            HeadwaterError: As for `stream_chat`.
        """

    @hookspec(firstresult=True)
    async def check_health(self, transport: Transport) -> Health:  # type: ignore[empty-body]  # a specification
        """Tell whether the provider can be used, at no cost. Optional.

        Without an implementation the core lists the models.

        Args:
            transport: As for `stream_chat`.

        Raises:
            HeadwaterError: As for `stream_chat`; the runner turns it into a `Health`.
        """


def direct(caller: pluggy.HookCaller) -> Callable[..., Any]:
    """Give what calls a hook of one plugin as pluggy does, in a fraction of its time.

    Args:
        caller: The hook, of a manager in which nothing more will be registered.

    Returns:
        A call of the one implementation, with the arguments that it names; where there is more to
        it, such as a wrapper, pluggy's own.
    """
    found = caller.get_hookimpls()
    if len(found) != 1 or found[0].wrapper or found[0].hookwrapper or found[0].kwargnames:
        return caller
    function, names = found[0].function, found[0].argnames

    def call(**given: object) -> object:
        return function(*[given[name] for name in names])

    return call
