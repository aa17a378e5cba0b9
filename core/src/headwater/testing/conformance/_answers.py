"""Checks of what an answer becomes: its events, in time, the same however the bytes come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given

from ...responses import ChatResponse
from ...usage import Usage
from ..assertions import grammar_fault
from ..samples import ExpectedCall, Sample
from ..strategies import slicings
from ._direct import own_events
from ._features import Feature
from ._frames import boundaries
from ._promises import BrokenPromise, Skipped, answers, few, promise, streams
from ._running import Played, content, difference, played
from ._subject import Subject
from ._trying import tried


@promise("An answer becomes what it says: text, reasoning, tool calls, and why it ended.")
def answers_are_read(subject: Subject) -> None:
    """Play each sample and compare with what it is said to mean."""
    for sample in _known(subject):
        came = played(subject, sample)
        if came.error is not None:
            raise BrokenPromise(
                f"{type(came.error).__name__}: {came.error}", sample.body, sample=sample
            )
        differs = unlike(sample, came.response)
        if differs:
            raise BrokenPromise(differs, sample.body, sample=sample)


def _known(subject: Subject) -> list[Sample]:
    samples = answers(subject)
    if Feature.WHOLE in subject.unsupported:
        samples = [sample for sample in samples if sample.is_stream]
    if not samples:
        raise BrokenPromise(
            "no sample of an answer was given: give `samples`, or a `dialect` that writes them"
        )
    return samples


def unlike(sample: Sample, response: ChatResponse) -> str:
    """Say in what a response differs from what a sample means; "" where it does not."""
    expected = sample.expected
    pairs: list[tuple[str, object, object]] = [
        ("text", expected.text, response.text),
        ("reasoning", expected.reasoning, response.reasoning),
        ("refusal", expected.refusal, response.refusal),
        ("finish_reason", expected.finish_reason, response.finish_reason),
        ("raw_reason", expected.raw_reason, response.raw_reason),
    ]
    found = [
        f"expected {name} {wanted!r}, got {got!r}"
        for name, wanted, got in pairs
        if wanted is not None and wanted != got
    ]
    if expected.tool_calls is not None:
        found += _unlike_calls(expected.tool_calls, response)
    return "; ".join(found)


def _unlike_calls(wanted: Sequence[ExpectedCall], response: ChatResponse) -> list[str]:
    got = response.tool_calls
    if [call.name for call in got] != [call.name for call in wanted]:
        return [f"expected calls of {[c.name for c in wanted]}, got {[c.name for c in got]}"]
    found = []
    for expected, call in zip(wanted, got, strict=True):
        pairs: list[tuple[str, object, object]] = [
            ("raw_arguments", expected.raw, call.raw_arguments),
            ("call_id", expected.call_id, call.call_id),
        ]
        if expected.arguments != call.arguments:
            found.append(f"expected arguments {expected.arguments!r}, got {call.arguments!r}")
        if call.is_valid != (expected.arguments is not None):
            found.append(f"expected a call that is_valid={not call.is_valid}")
        found += [
            f"expected {name} {want!r}, got {have!r}"
            for name, want, have in pairs
            if want is not None and want != have
        ]
    return found


@promise(
    "Its events keep the grammar: one Finished, last; each tool call begun once, ended once.",
    feature=None,
)
def events_keep_the_grammar(subject: Subject) -> None:
    """Look at what the plugin itself yields, which the runner would mend or refuse."""
    for sample in streams(subject):
        fault = grammar_fault(own_events(subject, sample))
        if fault:
            raise BrokenPromise(fault, sample.body, sample=sample)


@promise("Cutting the bytes anywhere gives the same events.")
def slicing_does_not_matter(subject: Subject) -> None:
    """Play each stream byte by byte, and in slices of all sorts."""
    for sample in streams(subject):
        usual = played(subject, sample)
        _check_slices(subject, sample, usual, [bytes([byte]) for byte in sample.body])
        places = [place for edge in boundaries(sample) for place in (edge - 1, edge)]
        _check_slices(subject, sample, usual, _cut(sample.body, places))
    for sample in few(subject):
        _try_slices(subject, sample, played(subject, sample))


def _try_slices(subject: Subject, sample: Sample, usual: Played) -> None:
    @tried(subject)
    @given(slices=slicings(sample.body))
    def any_slices(slices: list[bytes]) -> None:
        _check_slices(subject, sample, usual, slices)

    any_slices()


def _cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *places, len(body)]
    return [body[a:b] for a, b in pairwise(edges) if a < b]


def _check_slices(subject: Subject, sample: Sample, usual: Played, slices: list[bytes]) -> None:
    came = played(subject, sample, slices)
    differs = difference(came.events, usual.events)
    if differs:
        shown = b" | ".join(slices) if len(slices) <= 20 else sample.body
        raise BrokenPromise(f"in {len(slices)} slices: {differs}", shown, sample=sample)


@promise("An answer in one piece says what the folded stream says.", feature=Feature.WHOLE)
def chat_is_the_folded_stream(subject: Subject) -> None:
    """Compare samples of one name, a stream and a whole answer."""
    found = answers(subject)
    pairs = [(a, b) for a in found for b in found if a.name == b.name and a.is_stream > b.is_stream]
    if not pairs:
        raise Skipped("no stream and whole answer of the same name were given")
    for streamed, given_whole in pairs:
        one, other = played(subject, streamed), played(subject, given_whole)
        if content(one.response) != content(other.response):
            raise BrokenPromise(
                f"chat gives {content(other.response)}, the stream {content(one.response)}",
                given_whole.body,
                sample=given_whole,
            )
        counts = (streamed.expected.usage, given_whole.expected.usage)
        if Usage() not in counts and one.response.usage != other.response.usage:
            raise BrokenPromise(
                f"chat counts {other.response.usage}, the stream {one.response.usage}",
                given_whole.body,
                sample=given_whole,
            )
