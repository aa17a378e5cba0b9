"""The hosted services by name, and what their keys and addresses are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

from headwater_chat_completions import Service

__all__ = ["HOSTED", "service_of"]

HOSTED: Mapping[str, tuple[str, str]] = {
    "cerebras": ("CEREBRAS_API_KEY", "https://api.cerebras.ai/v1"),
    "deepseek": ("DEEPSEEK_API_KEY", "https://api.deepseek.com"),
    "fireworks": ("FIREWORKS_API_KEY", "https://api.fireworks.ai/inference/v1"),
    "groq": ("GROQ_API_KEY", "https://api.groq.com/openai/v1"),
    "huggingface": ("HF_TOKEN", "https://router.huggingface.co/v1"),
    "mistral": ("MISTRAL_API_KEY", "https://api.mistral.ai/v1"),
    "openrouter": ("OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"),
    "perplexity": ("PERPLEXITY_API_KEY", "https://api.perplexity.ai"),
    "together": ("TOGETHER_API_KEY", "https://api.together.xyz/v1"),
    "zai": ("ZAI_API_KEY", "https://api.z.ai/api/paas/v4"),
}


def service_of(name: str) -> Service:
    """Find a service through its entry point."""
    (point,) = entry_points(group="headwater", name=name)
    service = point.load()
    assert isinstance(service, Service)
    return service
