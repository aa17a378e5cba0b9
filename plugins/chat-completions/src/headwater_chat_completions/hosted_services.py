"""Hosted services that speak the dialect: a row each, with what each does in its own way.

Source:
    FORMATS 1.5 and 8 and the recordings; efforts and files: the services' own documentation.
"""

from __future__ import annotations

from typing import Final

from headwater import (
    Audio,
    ContextTooLong,
    Document,
    Image,
    JSONObject,
    Limits,
    ModelNotFound,
    QuotaExceeded,
    ReasoningEffort,
    UnsupportedFeature,
    Video,
)

from .quirks import Efforts, Family, Quirks, ReasoningBack, effort_words, rounded_up
from .services import Service

__all__ = [
    "azure",
    "cerebras",
    "deepseek",
    "fireworks",
    "groq",
    "huggingface",
    "mistral",
    "openrouter",
    "perplexity",
    "together",
    "zai",
]

THINKING: Final = Limits(first_content_s=300.0)  # models that think for minutes before they speak

_ALWAYS_THINKS: Final = effort_words("low", "medium", "high")
_PARSED: Final[JSONObject] = {
    "reasoning_format": "parsed"
}  # else it stands in the text, as <think>
_THINKS: Final[JSONObject] = {"thinking": {"type": "enabled"}}
_THINKS_NOT: Final[JSONObject] = {"thinking": {"type": "disabled"}}


def _with(more: JSONObject, efforts: Efforts) -> Efforts:
    """Add to what each effort puts into the body."""
    return {effort: {**fields, **more} for effort, fields in efforts.items()}


groq = Service(
    "Groq",
    "https://api.groq.com/openai/v1",
    description="open models, fast",
    key_variables=("GROQ_API_KEY",),
    base_url_variable="GROQ_BASE_URL",
    needs_key=True,
    homepage="https://console.groq.com/keys",
    quirks=Quirks(
        origin="groq-chat",
        bare_path="/openai/v1",  # its SDK is given the host alone
        media=frozenset({Image}),
        efforts=_with(_PARSED, effort_words(*ReasoningEffort)),
        families={
            # It always gives its reasoning apart, and refuses to be told so.
            "openai/gpt-oss": Family(efforts=_ALWAYS_THINKS),
            "qwen/": Family(
                efforts=rounded_up(
                    {
                        ReasoningEffort.NONE: {"reasoning_effort": "none"},
                        ReasoningEffort.HIGH: {"reasoning_effort": "default"},
                    }
                ),
                body=_PARSED,
            ),
        },
    ),
)

mistral = Service(
    "Mistral",
    "https://api.mistral.ai/v1",
    description="Mistral's own models",
    key_variables=("MISTRAL_API_KEY",),
    needs_key=True,
    homepage="https://console.mistral.ai/api-keys",
    quirks=Quirks(
        origin="mistral-chat",
        seed_field="random_seed",
        required_word="any",
        asks_for_usage=False,  # it comes unasked, and the question is refused
        media=frozenset({Image}),
        efforts=effort_words("none", "high"),
        reasoning_back=ReasoningBack.THINKING_PARTS,
        call_id_chars=9,
        model_phrases=("Invalid model",),
    ),
)

deepseek = Service(
    "DeepSeek",
    "https://api.deepseek.com",
    description="DeepSeek's own models",
    key_variables=("DEEPSEEK_API_KEY",),
    needs_key=True,
    homepage="https://platform.deepseek.com/api_keys",
    limits=THINKING,
    quirks=Quirks(
        origin="deepseek-chat",
        media=frozenset(),
        takes_json_schema=False,
        efforts={
            ReasoningEffort.NONE: _THINKS_NOT,
            **_with(_THINKS, _ALWAYS_THINKS),
        },
        # Models before 3.2 refuse it; later ones insist on it, but only where they called a tool.
        reasoning_back=ReasoningBack.CONTENT_FIELD,
        reasoning_back_with_tools=True,
        model_phrases=("Model Not Exist",),
    ),
)

openrouter = Service(
    "OpenRouter",
    "https://openrouter.ai/api/v1",
    description="the models of many providers, behind one key",
    key_variables=("OPENROUTER_API_KEY",),
    needs_key=True,
    homepage="https://openrouter.ai/keys",
    limits=THINKING,
    quirks=Quirks(
        origin="openrouter-chat",
        max_tokens_field="max_completion_tokens",
        media=frozenset({Image, Audio, Document, Video}),
        efforts={effort: {"reasoning": {"effort": effort.value}} for effort in ReasoningEffort},
        reasoning_back=ReasoningBack.DETAILS,
        header_variables={
            "http-referer": "OPENROUTER_APP_URL",
            "x-title": "OPENROUTER_APP_TITLE",
        },
        health_path="/v1/key",  # the list of models is for everyone, and proves no key
        model_phrases=("is not a valid model ID",),
        # It has the model, but from nobody who takes images or tools: 404 all the same.
        error_phrases={"No endpoints found that support": UnsupportedFeature},
    ),
)

together = Service(
    "Together AI",
    "https://api.together.xyz/v1",
    description="open models",
    key_variables=("TOGETHER_API_KEY",),
    needs_key=True,
    homepage="https://api.together.ai/settings/api-keys",
    quirks=Quirks(
        origin="together-chat",
        media=frozenset({Image, Video}),
        efforts={
            ReasoningEffort.NONE: {"reasoning": {"enabled": False}},
            **_ALWAYS_THINKS,
        },
        families={"openai/gpt-oss": Family(efforts=_ALWAYS_THINKS)},
    ),
)

perplexity = Service(
    "Perplexity",
    "https://api.perplexity.ai",
    description="answers from the web, with their sources",
    key_variables=("PERPLEXITY_API_KEY",),
    needs_key=True,
    homepage="https://www.perplexity.ai/account/api/keys",
    limits=THINKING,
    quirks=Quirks(
        origin="perplexity-chat",
        seed_field=None,
        asks_for_usage=False,  # it comes with every chunk
        media=frozenset({Image}),
        takes_tools=False,
        takes_json_object=False,
        efforts=effort_words("minimal", "low", "medium", "high"),
        models_path=None,
    ),
)

cerebras = Service(
    "Cerebras",
    "https://api.cerebras.ai/v1",
    description="open models, fast",
    key_variables=("CEREBRAS_API_KEY",),
    needs_key=True,
    homepage="https://cloud.cerebras.ai",
    quirks=Quirks(
        origin="cerebras-chat",
        max_tokens_field="max_completion_tokens",
        media=frozenset({Image}),
        efforts=effort_words("none", "low", "medium", "high"),
        families={"gpt-oss": Family(efforts=_ALWAYS_THINKS)},
    ),
)

fireworks = Service(
    "Fireworks",
    "https://api.fireworks.ai/inference/v1",
    description="open models; a model is accounts/fireworks/models/NAME",
    key_variables=("FIREWORKS_API_KEY",),
    needs_key=True,
    homepage="https://app.fireworks.ai/settings/users/api-keys",
    quirks=Quirks(
        origin="fireworks-chat",
        media=frozenset({Image}),
        efforts=effort_words("none", "low", "medium", "high"),
        families={"accounts/fireworks/models/gpt-oss": Family(efforts=_ALWAYS_THINKS)},
        reasoning_back=ReasoningBack.CONTENT_FIELD,
        reasoning_back_with_tools=True,
    ),
)

azure = Service(
    "Azure OpenAI",
    description="models that you deployed at Azure; the model is the deployment's name",
    key_variables=("AZURE_OPENAI_API_KEY",),
    base_url_variable="AZURE_OPENAI_ENDPOINT",
    needs_key=True,
    homepage="https://ai.azure.com",
    limits=THINKING,
    quirks=Quirks(
        origin="azure-chat",
        max_tokens_field="max_completion_tokens",
        key_header="api-key",
        bare_path="/openai/v1",
        dated_path="/openai/deployments/{model}",
        version_variable="OPENAI_API_VERSION",
        models_path=None,  # it lists what could be deployed, and not what is
        health_path="/openai/v1/models",
    ),
)

huggingface = Service(
    "Hugging Face",
    "https://router.huggingface.co/v1",
    description="open models at many providers, behind one token",
    key_variables=("HF_TOKEN",),
    needs_key=True,
    homepage="https://huggingface.co/settings/tokens",
    quirks=Quirks(
        origin="huggingface-chat",
        media=frozenset({Image}),
        error_codes={"model_not_supported": ModelNotFound},
    ),
)

zai = Service(
    "Z.ai",
    "https://api.z.ai/api/paas/v4",
    description="the GLM models",
    key_variables=("ZAI_API_KEY",),
    needs_key=True,
    homepage="https://z.ai/manage-apikey/apikey-list",
    quirks=Quirks(
        origin="zai-chat",
        seed_field=None,
        media=frozenset({Image, Video}),
        takes_json_schema=False,
        efforts=rounded_up({ReasoningEffort.NONE: _THINKS_NOT, ReasoningEffort.HIGH: _THINKS}),
        error_codes={"1113": QuotaExceeded, "1211": ModelNotFound, "1261": ContextTooLong},
    ),
)
