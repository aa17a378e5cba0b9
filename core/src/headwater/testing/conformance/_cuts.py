"""Checks of answers that end too early."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import StreamInterrupted
from ...usage import Provenance, Usage
from ..replay import ReplyStep
from ..samples import Sample
from ._features import Feature
from ._frames import boundaries, frames
from ._promises import BrokenPromise, Skipped, answers, few, promise, streams
from ._running import Played, content, played
from ._subject import Subject

_INSIDE = 3  # how many cuts are made inside each frame


def _cuts(sample: Sample) -> Iterator[int]:
    """Give places to cut at: nothing at all, each end of a frame, and some inside each."""
    at = 0
    for frame in frames(sample):
        step = max(1, len(frame) // (_INSIDE + 1))
        yield from range(at, at + len(frame), step)
        yield at + len(frame) - 1  # all but what ends the frame
        at += len(frame)


@promise("An answer that is cut anywhere before its end mark raises StreamInterrupted.")
def a_cut_answer_is_no_success(subject: Subject) -> None:
    """Cut each stream at every boundary of frames, and inside frames."""
    thorough = few(subject)
    for sample in streams(subject):
        usual = played(subject, sample)
        places = _cuts(sample) if sample in thorough else (0, *boundaries(sample))
        for place in places:
            _check_cut(subject, sample, usual, place, [sample.body[:place]])


@promise("A connection that breaks before the end mark raises, with what had come.")
def a_broken_connection_is_no_success(subject: Subject) -> None:
    """Break the connection at every boundary of frames."""
    for sample in streams(subject):
        usual = played(subject, sample)
        for place in (0, *boundaries(sample)):
            broken = StreamInterrupted("the connection broke off")
            _check_cut(subject, sample, usual, place, [sample.body[:place], broken])


def _check_cut(
    subject: Subject, sample: Sample, usual: Played, place: int, steps: list[ReplyStep]
) -> None:
    """Check what becomes of the first bytes of a stream.

    From the end mark on an answer is complete, and only its usage may be missing.
    """
    cut = sample.body[:place]
    came = played(subject, sample, steps if cut else steps[1:])
    if came.error is None:
        ends_at = sample.ends_at
        is_early = ends_at is not None and place <= ends_at
        if is_early or content(came.response) != content(usual.response):
            raise BrokenPromise(
                f"the first {place} of {len(sample.body)} bytes are a success, which says "
                f"{content(came.response)}",
                cut,
                sample=sample,
            )
    elif not isinstance(came.error, StreamInterrupted):
        raise BrokenPromise(
            f"{type(came.error).__name__} in place of StreamInterrupted: {came.error}",
            cut,
            sample=sample,
        )


@promise("What came before the cut is in the error's partial response.")
def a_cut_keeps_what_came(subject: Subject) -> None:
    """Cut each stream right before its end mark, and look for all of its text."""
    for sample in streams(subject, with_end=True):
        place = max(at for at in (0, *boundaries(sample)) if at <= (sample.ends_at or 0))
        usual, came = played(subject, sample).response, played(subject, sample, sample.body[:place])
        partial = came.response
        if not usual.text.startswith(partial.text):
            raise BrokenPromise(
                f"{partial.text!r} is no beginning of {usual.text!r}", sample.body, sample=sample
            )
        last = sample.body[place:]
        missing = usual.text[len(partial.text) :]
        if missing and missing.encode() not in last and not _is_written(missing, last):
            raise BrokenPromise(
                f"the partial response holds {partial.text!r}, of {usual.text!r} that came",
                sample.body[:place],
                sample=sample,
            )


def _is_written(text: str, body: bytes) -> bool:
    """Tell whether the frame of the end mark may hold the rest of the text, in some escapes."""
    return len(text) < len(body) and ascii(text)[1:-1].encode() in body


@promise(
    "The counts are the provider's, by our rules: input with cached, output with reasoning.",
    feature=Feature.USAGE,
)
def usage_is_counted(subject: Subject) -> None:
    """Compare with the usage that each sample means."""
    known = [s for s in answers(subject) if s.expected.usage not in (None, Usage())]
    if Feature.WHOLE in subject.unsupported:
        known = [sample for sample in known if sample.is_stream]
    if not known:
        raise BrokenPromise(
            "no sample says what it counts: give its `usage`, or declare Feature.USAGE unsupported"
        )
    for sample in known:
        got, wanted = played(subject, sample).response.usage, sample.expected.usage
        if got != wanted:
            raise BrokenPromise(f"expected {wanted}, got {got}", sample.body, sample=sample)


@promise("A count that the provider does not give is unknown, never 0.")
def unknown_counts_stay_unknown(subject: Subject) -> None:
    """Play the samples that give no count, those whose `usage` is `Usage()`."""
    silent = [s for s in answers(subject) if s.is_stream and s.expected.usage == Usage()]
    if not silent:
        raise Skipped("no sample without a count was given: one whose `usage` is empty")
    for sample in silent:
        usage = played(subject, sample).response.usage
        if usage.provenance is Provenance.REPORTED:
            raise BrokenPromise(
                f"the usage is {usage}, and the answer counts nothing", sample.body, sample=sample
            )
