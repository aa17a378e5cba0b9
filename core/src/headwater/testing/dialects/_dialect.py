"""How the bytes of a wire are written: the other side of a provider, for its tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from ...events import FinishReason
from ...usage import Usage
from ..samples import Expected, ExpectedError, Sample
from ._answer import PLAIN, Ability, Answer, CallStyle, WrittenCall

__all__ = ["Dialect"]


@attrs.frozen(kw_only=True)
class Dialect:
    """Say how a wire writes an answer.

    Attributes:
        name: What it is called.
        headers: The headers of a stream.
        end_mark: Bytes of the end mark of a stream, and of nothing before it.
        write_stream: Gives the frames of a streamed answer, each with its end of frame.
        write_whole: Gives the body of an answer in one piece.
        write_error: Gives a frame that ends a stream with an error, by its class and words; None
            where the wire has no such frame.
        error_kinds: The classes of error that such a frame can mean.
        abilities: What the wire can say.
        styles: How tool calls may be written.
        reasons: Its words for why a model stopped, those alone that it has.
        refusals: Answers of a status of 400 and more, with the error that each means.
    """

    name: str
    headers: Mapping[str, str]
    end_mark: bytes
    write_stream: Callable[[Answer], Sequence[bytes]]
    write_whole: Callable[[Answer], bytes]
    write_error: Callable[[ExpectedError], bytes] | None = None
    error_kinds: tuple[ExpectedError, ...] = ()
    abilities: frozenset[Ability]
    styles: frozenset[CallStyle]
    reasons: Mapping[FinishReason, str]
    refusals: tuple[Sample, ...] = ()

    def can_say(self, *abilities: Ability) -> bool:
        """Tell whether the wire can say all of these."""
        return self.abilities.issuperset(abilities)

    def fitted(self, answer: Answer) -> Answer:
        """Leave out of an answer what this wire cannot say."""
        usage = answer.usage
        has_reasoning = self.can_say(Ability.REASONING) and answer.reasoning
        return attrs.evolve(
            answer,
            reasoning=answer.reasoning if has_reasoning else (),
            seal=answer.seal if has_reasoning and self.can_say(Ability.SEALS) else None,
            calls=self._fitted_calls(answer.calls),
            style=answer.style if answer.style in self.styles else CallStyle.IN_TURN,
            usage=None if usage is None else self._fitted_usage(usage),
        )

    def _fitted_calls(self, calls: tuple[WrittenCall, ...]) -> tuple[WrittenCall, ...]:
        return calls if self.can_say(Ability.SEVERAL_CALLS) else calls[:1]

    def _fitted_usage(self, usage: Usage) -> Usage:
        def said(count: int | None, ability: Ability) -> int | None:
            return count if self.can_say(ability) else None

        return Usage(
            usage.input_tokens,
            usage.output_tokens,
            cached_input_tokens=said(usage.cached_input_tokens, Ability.CACHED_COUNT),
            cache_write_tokens=said(usage.cache_write_tokens, Ability.CACHE_WRITES),
            reasoning_tokens=said(usage.reasoning_tokens, Ability.REASONING_COUNT),
        )

    def _expected(self, fitted: Answer, *, is_whole: bool = False) -> Expected:
        """Say what a provider makes of an answer."""
        has_text = Ability.BROKEN_ARGUMENTS in self.abilities and not is_whole
        has_ids = Ability.CALL_IDS in self.abilities
        has_word = Ability.RAW_REASONS in self.abilities
        return attrs.evolve(
            fitted.expected(has_ids=has_ids, has_text=has_text),
            raw_reason=self.reasons[fitted.reason] if has_word else None,
        )

    def stream(self, answer: Answer, name: str = "stream") -> Sample:
        """Write an answer as a stream."""
        fitted = self.fitted(answer)
        return Sample(
            name=name,
            body=b"".join(self.write_stream(fitted)),
            headers=self.headers,
            end_mark=self.end_mark,
            expected=self._expected(fitted),
        )

    def whole(self, answer: Answer, name: str = "stream") -> Sample:
        """Write an answer in one piece."""
        fitted = self.fitted(answer)
        return Sample(
            name=name,
            body=self.write_whole(fitted),
            headers={"content-type": "application/json"},
            is_stream=False,
            expected=self._expected(fitted, is_whole=True),
        )

    def failing(self, error: ExpectedError, answer: Answer = PLAIN) -> Sample:
        """Write a stream that breaks off with an error in place of its end."""
        assert self.write_error is not None
        frames = [f for f in self.write_stream(self.fitted(answer)) if self.end_mark not in f]
        body = b"".join(frames[: len(frames) // 2 + 1]) + self.write_error(error)
        expected = attrs.evolve(self.stream(answer).expected, error=error)
        return Sample(
            name=f"{error.kind.__name__} in mid-stream",
            body=body,
            headers=self.headers,
            expected=expected,
        )

    def samples(self) -> tuple[Sample, ...]:
        """Give samples of what answers are made of, to begin with."""
        return (*self._answers(), *self.refusals, *map(self.failing, self.error_kinds))

    def _answers(self) -> list[Sample]:
        answers = {name: a for name, a in _ANSWERS.items() if a.style in self.styles}
        found = [self.stream(answer, name) for name, answer in answers.items()]
        found += [self.whole(answer, name) for name, answer in answers.items()]
        if self.can_say(Ability.BROKEN_ARGUMENTS):
            found.append(self.stream(_BROKEN, "broken arguments"))
        return found


_USAGE = Usage(190, 110, cached_input_tokens=70, cache_write_tokens=30, reasoning_tokens=60)
_CALLS = (
    WrittenCall("measure", ('{"depth"', ": 3}"), "call_a"),
    WrittenCall("weigh", ("",), "call_b"),
    WrittenCall("measure", ('{"dep', 'th": ', "4}"), "call_c"),
)
_ANSWERS = {
    "text": PLAIN,
    "no usage": attrs.evolve(PLAIN, usage=None),
    "cut by length": attrs.evolve(PLAIN, reason=FinishReason.LENGTH),
    "reasoning": Answer(
        reasoning=("Stones ", "do not ", "move."),
        seal="c2VhbC1vZi10aGUtcmVhc29uaW5n",
        text=("The stone ", "stays."),
        usage=_USAGE,
    ),
    "tool call": Answer(
        calls=(WrittenCall("measure", ('{"depth"', ': 3, "where": "b', 'ed"}'), "call_a"),),
        reason=FinishReason.TOOL_CALLS,
        usage=Usage(19, 11),
    ),
    "tool calls": Answer(
        text=("Let me ", "look."),
        calls=_CALLS,
        reason=FinishReason.TOOL_CALLS,
        usage=Usage(19, 11),
    ),
    **{
        f"tool calls {style.value.replace('_', ' ')}": Answer(
            calls=_CALLS, style=style, reason=FinishReason.TOOL_CALLS, usage=Usage(19, 11)
        )
        for style in CallStyle
        if style is not CallStyle.IN_TURN
    },
}
_BROKEN = Answer(
    calls=(
        WrittenCall("measure", ('{"depth": ', "3"), "call_a"),
        WrittenCall("weigh", ("[1]",), "call_b"),
    ),
    reason=FinishReason.TOOL_CALLS,
    usage=Usage(19, 11),
)
