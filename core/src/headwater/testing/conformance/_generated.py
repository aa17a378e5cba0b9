"""Checks with payloads that are made up: legal ones, and ones that are wrong in every way."""

from __future__ import annotations

import attrs
from hypothesis import given

from ...errors import HeadwaterError, PluginError
from ..dialects import Dialect
from ..samples import Sample
from ..strategies import Fault, faults, streams, wholes
from ._answers import unlike
from ._features import Feature
from ._frames import frames
from ._promises import BrokenPromise, Skipped, few, promise
from ._running import Played, content, played
from ._subject import Subject
from ._trying import tried


def _dialect(subject: Subject) -> Dialect:
    if subject.dialect is None:
        raise Skipped("no dialect was given, so that no payloads can be made up")
    return subject.dialect


def _check(subject: Subject, sample: Sample) -> None:
    """Check that a made-up answer is read."""
    if sample.expected.tool_calls and Feature.TOOLS in subject.unsupported:
        return
    came = played(subject, sample)
    if came.error is not None:
        raise BrokenPromise(_shown(came.error), sample.body, sample=sample)
    difference = unlike(sample, came.response)
    usage = sample.expected.usage
    if usage is not None and usage.is_known and usage != came.response.usage:
        difference = difference or f"expected {usage}, got {came.response.usage}"
    if difference:
        raise BrokenPromise(difference, sample.body, sample=sample)


def _shown(error: HeadwaterError) -> str:
    return f"{type(error).__name__}: {error}"


@promise("Any answer that the wire can write is read, streamed.")
def any_stream_is_read(subject: Subject) -> None:
    """Make up answers, and compare with what each means."""

    @tried(subject)
    @given(sample=streams(_dialect(subject)))
    def is_read(sample: Sample) -> None:
        _check(subject, sample)

    is_read()


@promise("Any answer that the wire can write is read, in one piece.", feature=Feature.WHOLE)
def any_whole_answer_is_read(subject: Subject) -> None:
    """Make up answers, and compare with what each means."""

    @tried(subject)
    @given(sample=wholes(_dialect(subject)))
    def is_read(sample: Sample) -> None:
        _check(subject, sample)

    is_read()


@promise("Frames that are missing, repeated or out of order crash nothing.")
def disorder_crashes_nothing(subject: Subject) -> None:
    """Leave out each frame, repeat each, and exchange each with the next."""
    for sample in few(subject):
        whole = frames(sample)
        for place, frame in enumerate(whole):
            before, after = whole[:place], whole[place + 1 :]
            for pieces in (
                [*before, *after],
                [*before, frame, frame, *after],
                [*before, *after[:1], frame, *after[1:]],
            ):
                _survives(subject, attrs.evolve(sample, body=b"".join(pieces)), "out of order")


@promise("Whatever bytes come, an error of ours is raised or events are read: nothing crashes.")
def no_bytes_crash_it(subject: Subject) -> None:
    """Make up streams that are wrong, each in one way."""
    dialect = _dialect(subject)

    @tried(subject)
    @given(faulty=faults(dialect))
    def is_survived(faulty: tuple[Fault, Sample]) -> None:
        kind, sample = faulty
        came = _survives(subject, sample, kind)
        if kind is Fault.CUT and came.error is None and dialect.end_mark not in sample.body:
            raise BrokenPromise(
                f"without an end mark it is a success, which says {content(came.response)}",
                sample.body,
                sample=sample,
            )

    is_survived()


def _survives(subject: Subject, sample: Sample, what: str) -> Played:
    came = played(subject, sample)
    if isinstance(came.error, PluginError):
        raise BrokenPromise(f"{what}: {_shown(came.error)}", sample.body, sample=sample)
    return came
