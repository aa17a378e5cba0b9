"""Servers that one runs oneself, or has the address of: a row each."""

from __future__ import annotations

from typing import Final

from headwater import Audio, Image, Limits, Video

from .quirks import Quirks
from .services import Service

__all__ = ["compatible", "llamacpp", "lmstudio", "vllm"]

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
