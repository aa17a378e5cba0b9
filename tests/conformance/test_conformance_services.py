"""Each service that speaks Chat Completions keeps the promises that its row could break.

How bytes are read is the affair of the dialect, which `test_conformance_providers.py` checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Final

import pytest

from headwater import ModelId
from headwater.testing.conformance import Feature, Outcome, Subject, checks, verify
from headwater.testing.dialects import CHAT_COMPLETIONS

pytestmark = pytest.mark.slow

KEY: Final = "conformance-key-of-a-service"
_IMAGES: Final = (Feature.IMAGES, Feature.MEDIA_BY_URL)
_FILES: Final = (Feature.DOCUMENTS, Feature.AUDIO)
_LACKS: Final[Mapping[str, tuple[Feature, ...]]] = {
    "cerebras": _FILES,
    "deepseek": (*_IMAGES, *_FILES, Feature.RESPONSE_FORMAT),
    "fireworks": _FILES,
    "groq": _FILES,
    "huggingface": _FILES,
    "llamacpp": (Feature.DOCUMENTS,),
    "lmstudio": _FILES,
    "mistral": _FILES,
    "perplexity": (*_FILES, Feature.TOOLS, Feature.SEED),
    "together": _FILES,
    "vllm": (Feature.DOCUMENTS,),
    "zai": (*_FILES, Feature.SEED, Feature.RESPONSE_FORMAT),
}
_TAKES_VIDEO: Final = {"openrouter", "together", "vllm", "zai"}
# What no row says anything of.
_OF_THE_DIALECT: Final = {
    "a_broken_connection_is_no_success",
    "a_cut_answer_is_no_success",
    "a_cut_count_is_partial",
    "damage_raises",
    "is_live",
    "keep_alives_change_nothing",
    "leaving_closes",
    "odd_characters_pass",
    "slicing_does_not_matter",
    "spelling_does_not_matter",
    "unknown_fields_change_nothing",
    "unknown_frames_change_nothing",
}
POINTS: Final = {
    point.name: point
    for point in entry_points(group="headwater")
    if point.value.startswith("headwater_chat_completions.")
}


def subject(name: str) -> Subject:
    """Put together what the checks look at; the provider object comes by the entry point."""

    def make() -> Any:
        return POINTS[name].load()(api_key=KEY, base_url="https://server.test/v1")

    video = () if name in _TAKES_VIDEO else (Feature.VIDEO,)
    lacks = (*_LACKS.get(name, ()), *video, Feature.IMAGES_IN_RESULTS, Feature.SEALED_REASONING)
    return Subject(
        make=make,
        model=ModelId(name, "some-model"),
        samples=CHAT_COMPLETIONS.samples(),
        unsupported=frozenset(lacks),
        key=KEY,
    )


@pytest.mark.parametrize("name", POINTS)
def test_a_service_keeps_its_promises(name: str) -> None:
    """No check of what its row could break fails."""
    names = {check.name for check in checks(is_offline=True)} - _OF_THE_DIALECT
    results = verify(subject(name), names)
    broken = [r for r in results if r.outcome is Outcome.FAILED]
    assert broken == []
