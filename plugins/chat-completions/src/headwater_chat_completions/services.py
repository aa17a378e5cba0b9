"""The servers that are known by name: a row each."""

from __future__ import annotations

from typing import Final

import attrs

from headwater import Audio, Image, Limits, ProviderInfo, Secret, Video

from ._plugin import ChatCompletions
from .quirks import Quirks

__all__ = ["Service", "compatible", "llamacpp", "lmstudio", "vllm"]


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


LOADING_S: Final = 300.0  # a local server may load the model before it says the first word

compatible = Service(
    "OpenAI-compatible server",
    description="any server that speaks Chat Completions, at the address you give",
    key_variables=("HEADWATER_COMPATIBLE_API_KEY",),
    base_url_variable="HEADWATER_COMPATIBLE_BASE_URL",
)

llamacpp = Service(
    "llama.cpp server",
    "http://127.0.0.1:8080/v1",
    description="llama-server of llama.cpp, on this machine unless told otherwise",
    key_variables=("HEADWATER_LLAMACPP_API_KEY",),
    base_url_variable="HEADWATER_LLAMACPP_BASE_URL",
    homepage="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    limits=Limits(first_content_s=LOADING_S),
    quirks=Quirks(media=frozenset({Image, Audio}), health_path="/health"),
)

vllm = Service(
    "vLLM",
    "http://localhost:8000/v1",
    description="vLLM's own server, on this machine unless told otherwise",
    key_variables=("HEADWATER_VLLM_API_KEY",),
    base_url_variable="HEADWATER_VLLM_BASE_URL",
    homepage="https://docs.vllm.ai",
    limits=Limits(first_content_s=LOADING_S),
    quirks=Quirks(media=frozenset({Image, Audio, Video}), health_path="/health"),
)

lmstudio = Service(
    "LM Studio",
    "http://localhost:1234/v1",
    description="the server of LM Studio, on this machine unless told otherwise",
    key_variables=("HEADWATER_LMSTUDIO_API_KEY",),
    base_url_variable="HEADWATER_LMSTUDIO_BASE_URL",
    homepage="https://lmstudio.ai/docs",
    limits=Limits(first_content_s=LOADING_S),
    quirks=Quirks(media=frozenset({Image})),
)
