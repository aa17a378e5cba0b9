"""Each provider of ours keeps the promises of a plugin, on payloads of its dialect."""

from __future__ import annotations

import pytest

from headwater.testing.conformance import Feature, ProviderConformance
from headwater.testing.dialects import (
    ANTHROPIC,
    CHAT_COMPLETIONS,
    GEMINI,
    OLLAMA,
    RESPONSES,
)
from headwater_anthropic import Anthropic
from headwater_chat_completions.local_services import compatible
from headwater_demo import Demo
from headwater_google import Google
from headwater_ollama import Ollama
from headwater_openai import OpenAI
from headwater_xai import XAI

pytestmark = pytest.mark.slow

KEY = ProviderConformance.key


class TestAnthropic(ProviderConformance):
    """Messages."""

    provider = Anthropic(KEY)
    model = "anthropic/claude-sonnet-4-5"
    dialect = ANTHROPIC
    unsupported = (Feature.AUDIO, Feature.VIDEO, Feature.SEED)


class TestOpenAI(ProviderConformance):
    """Responses, as OpenAI speaks it."""

    provider = OpenAI(KEY)
    model = "openai/gpt-4.1-mini"
    dialect = RESPONSES
    unsupported = (Feature.AUDIO, Feature.VIDEO, Feature.STOP, Feature.SEED)


class TestOpenAIChat(ProviderConformance):
    """Chat Completions, as OpenAI speaks it."""

    provider = OpenAI(KEY, api="chat")
    model = "openai/gpt-4.1-mini"
    dialect = CHAT_COMPLETIONS
    unsupported = (Feature.VIDEO, Feature.IMAGES_IN_RESULTS, Feature.SEALED_REASONING)


class TestGoogle(ProviderConformance):
    """The Gemini API."""

    provider = Google(KEY)
    model = "google/gemini-3.6-flash"
    dialect = GEMINI
    unsupported = ()


class TestXAI(ProviderConformance):
    """Chat Completions, as xAI speaks it."""

    provider = XAI(KEY)
    model = "xai/grok-4.3"
    dialect = CHAT_COMPLETIONS
    unsupported = (
        Feature.DOCUMENTS,
        Feature.AUDIO,
        Feature.VIDEO,
        Feature.IMAGES_IN_RESULTS,
        Feature.SEALED_REASONING,
    )


class TestXAIResponses(ProviderConformance):
    """Responses, as xAI speaks it."""

    provider = XAI(KEY, api="responses")
    model = "xai/grok-4.3"
    dialect = RESPONSES
    unsupported = (Feature.AUDIO, Feature.VIDEO, Feature.STOP, Feature.SEED)


class TestOllama(ProviderConformance):
    """Ollama's own chat."""

    provider = Ollama("https://ollama.test", KEY)
    model = "ollama/qwen3"
    dialect = OLLAMA
    unsupported = (
        Feature.DOCUMENTS,
        Feature.AUDIO,
        Feature.VIDEO,
        Feature.MEDIA_BY_URL,
        Feature.SEALED_REASONING,
        Feature.TOOL_CHOICE,
        Feature.IMAGES_IN_RESULTS,
    )


class TestDemo(ProviderConformance):
    """The embedded default, which sends nothing."""

    provider = Demo(delay_s=0)
    model = "demo/eliza"
    unsupported = (Feature.WIRE, Feature.TOOLS)


class TestCompatible(ProviderConformance):
    """Chat Completions, as an unknown server speaks it."""

    provider = compatible(base_url="https://server.test/v1", api_key=KEY)
    model = "compatible/some-model"
    dialect = CHAT_COMPLETIONS
    unsupported = (Feature.VIDEO, Feature.IMAGES_IN_RESULTS, Feature.SEALED_REASONING)
