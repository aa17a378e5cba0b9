"""Finding out what a provider speaks and what it lacks, where nobody has said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import attrs

from ...discovery import Registry
from ...errors import ConfigurationError
from ...messages import user
from ...requests import ModelId
from ...secret import Secret
from ..dialects import (
    ANTHROPIC,
    CHAT_COMPLETIONS,
    GEMINI,
    OLLAMA,
    PLAIN,
    RESPONSES,
    Ability,
    Dialect,
)
from ._answers import unlike
from ._features import Feature
from ._requests import OPTIONS, PARTS, image_in_a_result, sent
from ._running import Played, played
from ._subject import DEFAULT_KEY, Subject

__all__ = ["discovered"]

_DIALECTS: Final = (CHAT_COMPLETIONS, RESPONSES, ANTHROPIC, GEMINI, OLLAMA)


def discovered(make: Callable[[], object], model: ModelId, *, key: str = DEFAULT_KEY) -> Subject:
    """Find out which known wire a provider speaks, and what it refuses, by asking it offline.

    For a report on a plugin that brings nothing for the kit. What it refuses is taken for what it
    lacks, so declare it yourself where you can.

    Args:
        make: Makes the provider object, with `key` as its key.
        model: The model to ask.
        key: The key that the provider object has.

    Raises:
        ConfigurationError: It speaks none of the wires that are known here.
        HeadwaterError: It cannot even be registered.
    """
    bare = Subject(make=make, model=model, key=key)
    for dialect in _DIALECTS:
        sample = dialect.stream(PLAIN)
        trial = attrs.evolve(bare, samples=(sample,), dialect=dialect)
        came = played(trial, sample)
        if not came.exchanges and came.error is None:
            return attrs.evolve(bare, unsupported=frozenset({Feature.WIRE}))
        if came.error is None and not unlike(sample, came.response):
            lacks = frozenset(_lacks(trial, dialect, came))
            return attrs.evolve(trial, samples=dialect.samples(), unsupported=lacks)
    raise ConfigurationError(
        f"{model.provider} speaks none of the wires {', '.join(d.name for d in _DIALECTS)}: "
        "give the kit samples of its own, in a test that inherits ProviderConformance"
    )


def _lacks(subject: Subject, dialect: Dialect, came: Played) -> Iterator[Feature]:
    """Give what a provider lacks or refuses."""
    name = subject.model.provider
    if not Registry({name: subject.make()}).get(name).implements("chat"):
        yield Feature.WHOLE
    headers = [value for e in came.exchanges for value in e.request.headers.values()]
    if not any(isinstance(value, Secret) for value in headers):
        yield Feature.KEY
    if not dialect.can_say(Ability.SEALS):
        yield Feature.SEALED_REASONING
    yield from _refuses(subject)


def _refuses(subject: Subject) -> Iterator[Feature]:
    """Give the parts and the options that a provider refuses."""
    for feature, (part, _) in PARTS.items():
        if sent(subject, [user("Look.", part)]).is_refused:
            yield feature
    for feature, (options, _) in OPTIONS.items():
        if sent(subject, "Hello", options).is_refused:
            yield feature
    if image_in_a_result(subject).is_refused:
        yield Feature.IMAGES_IN_RESULTS
