"""Checks of tool calls: assembled from what came, never guessed."""

from __future__ import annotations

from ...events import ToolCallDelta, ToolCallFinished
from ..samples import Sample
from ._answers import unlike
from ._features import Feature
from ._promises import BrokenPromise, Skipped, answers, promise
from ._running import played
from ._subject import Subject


def _calling(subject: Subject, *, at_least: int = 1) -> list[Sample]:
    """Give the streams with so many tool calls."""
    found = [s for s in answers(subject) if s.is_stream]
    return [s for s in found if len(s.expected.tool_calls or ()) >= at_least]


@promise("Several calls are kept apart, also when their pieces interleave.", feature=Feature.TOOLS)
def calls_are_kept_apart(subject: Subject) -> None:
    """Look at each sample with several calls, event by event."""
    known = _calling(subject, at_least=2)
    if not known:
        raise Skipped("no sample has several tool calls")
    for sample in known:
        came = played(subject, sample)
        difference = unlike(sample, came.response)
        if came.error is not None or difference:
            raise BrokenPromise(difference or repr(came.error), sample.body, sample=sample)
        for call in (event for event in came.events if isinstance(event, ToolCallFinished)):
            deltas = [e for e in came.events if isinstance(e, ToolCallDelta)]
            text = "".join(e.arguments for e in deltas if e.call_id == call.call_id)
            if text != call.raw_arguments:
                raise BrokenPromise(
                    f"the deltas of {call.call_id} add up to {text!r}, not to "
                    f"{call.raw_arguments!r}",
                    sample.body,
                    sample=sample,
                )


@promise(
    "Broken arguments stay as they came: no object is made of them, and the call is not valid.",
    feature=Feature.TOOLS,
)
def broken_arguments_stay_broken(subject: Subject) -> None:
    """Look at each sample whose arguments are no JSON object."""
    known = [
        sample
        for sample in _calling(subject)
        if any(call.arguments is None for call in sample.expected.tool_calls or ())
    ]
    if not known:
        raise Skipped("no sample has broken arguments")
    for sample in known:
        difference = unlike(sample, played(subject, sample).response)
        if difference:
            raise BrokenPromise(difference, sample.body, sample=sample)


@promise(
    "Calls without ids get ids of their own, and no two calls share one.", feature=Feature.TOOLS
)
def call_ids_are_unique(subject: Subject) -> None:
    """Look at the ids of each sample with tool calls."""
    known = _calling(subject)
    if not known:
        raise Skipped("no sample has a tool call")
    for sample in known:
        ids = [call.call_id for call in played(subject, sample).response.tool_calls]
        if not all(ids) or len(set(ids)) < len(ids):
            raise BrokenPromise(f"the ids are {ids}", sample.body, sample=sample)
