"""Finding out what a provider speaks and what it lacks, where nobody has said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
from ..samples import Sample
from ._answers import unlike
from ._features import Feature
from ._requests import OPTIONS, PARTS, image_in_a_result, sent
from ._running import Played, played
from ._subject import DEFAULT_KEY, Subject

__all__ = ["discovered"]

_DIALECTS: Final = (CHAT_COMPLETIONS, RESPONSES, ANTHROPIC, GEMINI, OLLAMA)


def discovered(
    make: Callable[[], object],
    model: ModelId,
    *,
    samples: Sequence[Sample] = (),
    key: str = DEFAULT_KEY,
) -> Subject:
    """Find out which known wire a provider speaks, and what it refuses, by asking it offline.

    For a report on a plugin that brings nothing for the kit. What it refuses is taken for what it
    lacks, so declare it yourself where you can.

    Args:
        make: Makes the provider object, with `key` as its key.
        model: The model to ask.
        samples: Payloads of a wire of its own; what none of them shows is taken for what it lacks.
        key: The key that the provider object has.

    Raises:
        ConfigurationError: It speaks none of the wires that are known here, or none of the samples
            is a stream.
        HeadwaterError: It cannot even be registered.
    """
    bare = Subject(make=make, model=model, samples=tuple(samples), key=key)
    if samples:
        return _from_samples(bare)
    for dialect in _DIALECTS:
        sample = dialect.stream(PLAIN)
        trial = attrs.evolve(bare, samples=(sample,), dialect=dialect)
        came = played(trial, sample)
        if not came.exchanges and came.error is None:
            return attrs.evolve(bare, unsupported=frozenset({Feature.WIRE}))
        if came.error is None and not unlike(sample, came.response):
            lacks = frozenset({*_unwritten(dialect), *_lacks(trial, came)})
            return attrs.evolve(trial, samples=dialect.samples(), unsupported=lacks)
    raise ConfigurationError(
        f"{model.provider} speaks none of the wires {', '.join(d.name for d in _DIALECTS)}: "
        "give the kit samples of its own, in a test that inherits ProviderConformance"
    )


def _from_samples(subject: Subject) -> Subject:
    """Take what no sample shows, and what the provider refuses, for what it lacks."""
    streamed = [sample for sample in subject.samples if sample.is_stream and sample.is_answer]
    if not streamed:
        raise ConfigurationError("no sample is a streamed answer: the kit needs one to begin with")
    came = played(subject, streamed[0])
    return attrs.evolve(
        subject, unsupported=frozenset({*_unshown(subject.samples), *_lacks(subject, came)})
    )


def _unwritten(dialect: Dialect) -> Iterator[Feature]:
    """Give what a wire cannot say."""
    if not dialect.can_say(Ability.SEALS):
        yield Feature.SEALED_REASONING


def _unshown(samples: Sequence[Sample]) -> Iterator[Feature]:
    """Give what no sample shows."""
    answers = [sample.expected for sample in samples if sample.is_answer]
    if not any(sample.is_answer and not sample.is_stream for sample in samples):
        yield Feature.WHOLE
    if not any(expected.reasoning for expected in answers):
        yield Feature.REASONING
    if not any(expected.sealed for expected in answers):
        yield Feature.SEALED_REASONING
    if not any(expected.usage is not None and expected.usage.is_known for expected in answers):
        yield Feature.USAGE
    if all(sample.is_answer or sample.status >= 400 for sample in samples):
        yield Feature.ERROR_FRAMES


def _lacks(subject: Subject, came: Played) -> Iterator[Feature]:
    """Give what a provider lacks or refuses."""
    name = subject.model.provider
    if not Registry({name: subject.make()}).get(name).implements("chat"):
        yield Feature.WHOLE
    headers = [value for e in came.exchanges for value in e.request.headers.values()]
    if not any(isinstance(value, Secret) for value in headers):
        yield Feature.KEY
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
