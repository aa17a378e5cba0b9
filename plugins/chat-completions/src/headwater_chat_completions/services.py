"""A server that is known by name: a row of what is its own, which makes provider objects."""

from __future__ import annotations

import attrs

from headwater import Limits, ProviderInfo, Secret

from ._plugin import ChatCompletions
from .quirks import Quirks

__all__ = ["Service"]


@attrs.frozen
class Service:
    """Describe a server, and make provider objects for it: what an entry point names.

    Attributes:
        title: The name that people know it by.
        base_url: Its own address; None: it has none, and one must be given.
        description: One line on what it is.
        key_variables: Environment variables that its key is looked for in, in order.
        base_url_variable: The environment variable for its address.
        needs_key: Whether it answers nobody without a key.
        homepage: Where to get a key, or to read on.
        limits: What suits it better than the general defaults.
        quirks: How it deviates from the dialect.
    """

    title: str
    base_url: str | None = None
    description: str = attrs.field(default="", kw_only=True)
    key_variables: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    base_url_variable: str | None = attrs.field(default=None, kw_only=True)
    needs_key: bool = attrs.field(default=False, kw_only=True)
    homepage: str | None = attrs.field(default=None, kw_only=True)
    limits: Limits = attrs.field(factory=Limits, kw_only=True)
    quirks: Quirks = attrs.field(factory=Quirks, kw_only=True)

    @property
    def info(self) -> ProviderInfo:
        """Say what the provider objects say of themselves."""
        return ProviderInfo(
            self.title,
            description=self.description,
            key_variables=self.key_variables,
            base_url_variable=self.base_url_variable,
            homepage=self.homepage,
            limits=self.limits,
        )

    def __call__(
        self, api_key: str | Secret | None = None, base_url: str | None = None
    ) -> ChatCompletions:
        """Make a provider object.

        Args:
            api_key: The key; None: the first of `key_variables` that is set, at first use.
            base_url: The address; None: that of `base_url_variable` at first use, else its own.
        """
        return ChatCompletions(
            base_url,
            api_key,
            quirks=self.quirks,
            info=self.info,
            default_base_url=self.base_url,
            needs_key=self.needs_key,
        )
