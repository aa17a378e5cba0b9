"""Checks that an answer goes back to its provider as the next request needs it."""

from __future__ import annotations

from ...messages import Message, tool_result, user
from ...parts import (
    Reasoning,
    Text,
)
from ...responses import ChatResponse
from ..samples import Sample
from ._features import Feature
from ._promises import BrokenPromise, answers, promise
from ._requests import Sent, check_sent, sent
from ._running import asked_for, played
from ._subject import Subject


def _answer(subject: Subject, sample: Sample) -> ChatResponse:
    return played(subject, sample).response


def _next_request(subject: Subject, sample: Sample, *more: Message) -> Sent:
    """Go on with a conversation after the answer of a sample."""
    answer = _answer(subject, sample).message
    results = [
        tool_result(call.call_id, f"result-of-{n}") for n, call in enumerate(answer.tool_calls)
    ]
    messages = [user("Begin."), answer, *results, *more]
    return sent(subject, messages, asked_for(subject, sample))


@promise("An answer's tool calls and their results go back to the provider.", feature=Feature.TOOLS)
def tool_results_are_sent(subject: Subject) -> None:
    """Answer the calls of each sample, and look at the next request."""
    known = [s for s in answers(subject) if s.is_stream and s.expected.tool_calls]
    if not known:
        raise BrokenPromise(
            "no sample has a tool call: give one, or declare Feature.TOOLS unsupported"
        )
    for sample in known:
        came = _next_request(subject, sample)
        if came.error is not None and not came.text:
            raise BrokenPromise(
                f"the next request was refused: {came.error}", sample.body, sample=sample
            )
        calls = sample.expected.tool_calls or ()
        wanted = [f"result-of-{n}" for n in range(len(calls))]
        wanted += [call.name for call in calls]
        check_sent(came, wanted, "of the tool calls and their results")


@promise("What the provider sealed goes back to it as it came.", feature=Feature.SEALED_REASONING)
def sealed_reasoning_goes_back(subject: Subject) -> None:
    """Go on with the conversation of each sample that has a seal, and look at the next request."""
    known = [s for s in answers(subject) if s.expected.sealed]
    if Feature.WHOLE in subject.unsupported:
        known = [sample for sample in known if sample.is_stream]
    if not known:
        raise BrokenPromise(
            "no sample has a seal: name it in `sealed`, or declare Feature.SEALED_REASONING "
            "unsupported"
        )
    for sample in known:
        more = () if sample.expected.tool_calls else (user("Go on."),)
        came = _next_request(subject, sample, *more)
        for seal in sample.expected.sealed:
            if seal not in came.text:
                raise BrokenPromise(
                    f"the seal {seal!r} is not in the next request", sample.body, sample=sample
                )


@promise("Reasoning is told apart from the text.", feature=Feature.REASONING)
def reasoning_is_no_text(subject: Subject) -> None:
    """Look at the parts of each sample with reasoning."""
    known = [s for s in answers(subject) if s.is_stream and s.expected.reasoning]
    if not known:
        raise BrokenPromise(
            "no sample has reasoning: give one, or declare Feature.REASONING unsupported"
        )
    for sample in known:
        answer = _answer(subject, sample)
        kinds = [type(part) for part in answer.message.parts if isinstance(part, Text | Reasoning)]
        if answer.reasoning != sample.expected.reasoning or kinds[:1] != [Reasoning]:
            raise BrokenPromise(
                f"the parts are {answer.message.parts!r}", sample.body, sample=sample
            )
