"""Each provider of ours keeps the promises of a plugin on what real servers once answered."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from headwater import HeadwaterError, ModelId
from headwater.testing.conformance import (
    Expected,
    ExpectedCall,
    ExpectedError,
    Outcome,
    Sample,
    Subject,
    verify,
)
from headwater_anthropic import Anthropic
from headwater_google import Google
from headwater_ollama import Ollama
from headwater_openai import OpenAI
from headwater_xai import XAI

pytestmark = pytest.mark.slow

VARIABLE: Final = "HEADWATER_RECORDINGS"
KEY: Final = "conformance-key-of-a-recording"
URL: Final = "https://server.test/v1"
_MODELS: Final = {"anthropic": "claude-sonnet-4-5", "google": "gemini-3.6-flash"}
# What a longer stream does not make more telling is left to the made-up payloads.
CHECKS: Final = (
    "answers_are_read",
    "call_ids_are_unique",
    "calls_are_kept_apart",
    "calls_leave_nothing",
    "calls_share_nothing",
    "errors_in_the_stream_raise",
    "events_keep_the_grammar",
    "finishing_closes",
    "nothing_goes_on_behind",
    "nothing_is_overheard",
    "odd_characters_pass",
    "refusals_are_told_apart",
    "spelling_does_not_matter",
    "unknown_fields_change_nothing",
)
_MAKERS: Final[Mapping[tuple[str, str], Callable[[], object]]] = {
    ("anthropic-messages", "anthropic"): lambda: Anthropic(KEY),
    ("gemini-stream", "google"): lambda: Google(KEY),
    ("gemini-generate", "google"): lambda: Google(KEY),
    ("ollama-chat", "ollama"): lambda: Ollama("https://ollama.test", KEY),
    ("openai-responses", "openai"): lambda: OpenAI(KEY),
    ("openai-responses", "xai"): lambda: XAI(KEY, api="responses"),
    ("openai-chat", "openai"): lambda: OpenAI(KEY, api="chat"),
    ("openai-chat", "xai"): lambda: XAI(KEY),
}


@attrs.frozen
class Recording:
    """Hold what a server once answered.

    Attributes:
        name: Its folder.
        provider: Who answered.
        api: Which wire it is.
        sample: The bytes, and what they mean.
    """

    name: str
    provider: str
    api: str
    sample: Sample


def _read(folder: Path) -> Recording:
    meta = json.loads((folder / "meta.json").read_bytes())
    said = json.loads((folder / "expected.json").read_bytes())
    sample = Sample(
        name=f"{folder.parent.name}/{folder.name}",
        body=(folder / "response.body").read_bytes(),
        status=meta["status"],
        headers={name.lower(): value for name, value in (meta["headers"] or {}).items()},
        is_stream=meta["stream"],
        expected=_expected(said),
    )
    return Recording(sample.name, meta["provider"], meta["api"], sample)


def _recordings(api: str) -> list[Recording]:
    where = os.environ.get(VARIABLE)
    folders = sorted(Path(where).glob("*/*")) if where else []
    found = [recording for recording in map(_read, folders) if recording.api == api]
    return [recording for recording in found if not _is_array(recording.sample)]


def _is_array(sample: Sample) -> bool:
    """Tell whether a stream came as one array, which nobody who asks as we do gets."""
    return sample.is_stream and sample.media_type == "application/json" and sample.status == 200


def _calls(expected: Mapping[str, Any]) -> tuple[ExpectedCall, ...]:
    return tuple(ExpectedCall(c["name"], c["arguments"]) for c in expected["tool_calls"])


def _expected(said: Mapping[str, Any]) -> Expected:
    error = said.get("error")
    if error is not None:
        retryable = bool(error["retryable"])
        return Expected(error=ExpectedError(HeadwaterError, is_retryable=retryable))
    has_choices = "choices" in said["extra"]  # one answer a call: those past the first are events
    return Expected(text=None if has_choices else said["text"], tool_calls=_calls(said))


@attrs.frozen
class Group:
    """Hold the recordings of one provider on one wire."""

    name: str
    provider: str
    make: Callable[[], object]
    recordings: tuple[Recording, ...]


def _maker(api: str, recording: Recording) -> Callable[[], object] | None:
    make = _MAKERS.get((api, recording.provider))
    if make is not None or api != "openai-chat":
        return make
    rows = {point.name: point for point in entry_points(group="headwater")}
    row = rows.get(recording.provider, rows["compatible"])
    row = row if row.value.startswith("headwater_chat_completions.") else rows["compatible"]
    return lambda: row.load()(api_key=KEY, base_url=URL)


def _groups() -> list[Group]:
    found = []
    apis = sorted({"openai-chat", *(api for api, _ in _MAKERS)})
    for api in apis:
        for provider, several in groupby(_recordings(api), lambda recording: recording.provider):
            kept = tuple(several)
            make = _maker(api, kept[0])
            if make is not None:
                found.append(Group(f"{api} {provider}", provider, make, kept))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} is not set")
@pytest.mark.parametrize("group", _groups(), ids=lambda group: group.name)
def test_a_provider_keeps_its_promises_on_recordings(group: Group) -> None:
    """No check fails on real bytes."""
    subject = Subject(
        make=group.make,
        model=ModelId("recorded", _MODELS.get(group.provider, "some-model")),
        samples=tuple(recording.sample for recording in group.recordings),
        key=KEY,
    )
    # Where no recording shows a thing, its check has nothing to say.
    broken = [
        result
        for result in verify(subject, CHECKS)
        if result.outcome is Outcome.FAILED and not result.seen.startswith("no sample")
    ]
    assert broken == []
