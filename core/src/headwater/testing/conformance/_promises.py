"""A check: one promise of a plugin, and the way to find out whether it holds."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final, TypeAlias

import attrs

from ..samples import Sample
from ._features import Feature
from ._subject import Subject

__all__ = [
    "CHECKS",
    "BrokenPromise",
    "Check",
    "CheckResult",
    "Outcome",
    "Skipped",
    "answers",
    "few",
    "promise",
    "refuse",
    "streams",
]

SHOWN_BYTES: Final = 600
_NO_BYTES: Final = Sample(name="no bytes", body=b"")  # of a provider that sends no requests

Run: TypeAlias = Callable[[Subject], None]


class Skipped(unittest.SkipTest):
    """Say why a check does not apply; pytest shows it as a skipped test."""

    def __init__(self, why: str) -> None:
        super().__init__(f"does not apply: {why}")
        self.why = why


class BrokenPromise(AssertionError):
    """Say that a provider breaks a promise.

    Args:
        seen: What was seen in place of what was promised.
        shown: The bytes that show it, where it is a matter of bytes.
        sample: The sample that they come from.
    """

    def __init__(
        self, seen: str, shown: bytes | None = None, *, sample: Sample | None = None
    ) -> None:
        super().__init__(seen)
        self.seen = seen
        self.shown = shown
        self.sample = sample
        self.promise = ""

    def __str__(self) -> str:
        lines = [f"promised: {self.promise}", f"seen:     {self.seen}"]
        if self.sample is not None:
            lines.append(f"sample:   {self.sample.name}")
        if self.shown is not None:
            lines.append(f"bytes:    {_shortened(self.shown)}")
        return "\n" + "\n".join(lines)


def _shortened(shown: bytes) -> str:
    """Show bytes, of many the beginning and the end."""
    if len(shown) <= SHOWN_BYTES:
        return repr(shown)
    half = SHOWN_BYTES // 2
    return f"{shown[:half]!r} … {len(shown) - 2 * half} bytes … {shown[-half:]!r}"


def refuse(fault: str, sample: Sample) -> None:
    """Report what is wrong with the answer of a sample, where something is."""
    if fault:
        raise BrokenPromise(fault, sample.body, sample=sample)


class Outcome(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@attrs.frozen(kw_only=True)
class CheckResult:
    """Hold what became of a check, for a report.

    Attributes:
        name: The check's name.
        promise: What it checks, in words.
        outcome: Whether the promise holds.
        seen: What was seen in place of what was promised, or why the check does not apply.
        shown: The bytes that show it.
        sample: The name of the sample that they come from.
    """

    name: str
    promise: str
    outcome: Outcome
    seen: str = ""
    shown: bytes | None = None
    sample: str | None = None


@attrs.frozen(kw_only=True)
class Check:
    """Hold one promise of a plugin, and the way to find out whether it holds.

    Attributes:
        name: Its name, by which a report and a test name it.
        promise: What a plugin promises, in words.
        run: Raises `BrokenPromise` where it does not hold.
        feature: What the provider must have for the check to apply.
        is_offline: Whether no socket is opened, not even to this machine.
    """

    name: str
    promise: str
    run: Run = attrs.field(repr=False)
    feature: Feature | None = None
    is_offline: bool = True

    def __call__(self, subject: Subject) -> None:
        """Find out whether the promise holds.

        Raises:
            BrokenPromise: It does not.
            Skipped: It does not apply to this provider.
        """
        __tracebackhide__ = True  # pytest shows the test, and not the kit
        if self.feature is not None and self.feature in subject.unsupported:
            raise Skipped(f"the provider declares Feature.{self.feature.name} unsupported")
        if self.feature is not None and Feature.WIRE in subject.unsupported:
            raise Skipped("the provider declares Feature.WIRE unsupported")
        try:
            self.run(subject)
        except BrokenPromise as broken:
            broken.promise = self.promise
            raise broken.with_traceback(None) from None  # where in the kit is nobody's concern

    def result(self, subject: Subject) -> CheckResult:
        """Find out whether the promise holds, for a report."""
        try:
            self(subject)
        except BrokenPromise as broken:
            sample = None if broken.sample is None else broken.sample.name
            return self._result(Outcome.FAILED, broken.seen, broken.shown, sample)
        except Skipped as skipped:
            return self._result(Outcome.SKIPPED, skipped.why)
        except Exception as error:  # noqa: BLE001  # a report has a row for each check
            return self._result(Outcome.FAILED, f"it failed with {type(error).__name__}: {error}")
        return self._result(Outcome.PASSED)

    def _result(
        self,
        outcome: Outcome,
        seen: str = "",
        shown: bytes | None = None,
        sample: str | None = None,
    ) -> CheckResult:
        return CheckResult(
            name=self.name,
            promise=self.promise,
            outcome=outcome,
            seen=seen,
            shown=shown,
            sample=sample,
        )


CHECKS: Final[list[Check]] = []


def promise(
    words: str, *, feature: Feature | None = Feature.WIRE, is_offline: bool = True
) -> Callable[[Run], Run]:
    """Add a function to the checks, under its own name.

    Args:
        words: The promise.
        feature: What the provider must have for it.
        is_offline: Whether no socket is opened.
    """

    def add(run: Run) -> Run:
        name = run.__name__
        CHECKS.append(
            Check(name=name, promise=words, run=run, feature=feature, is_offline=is_offline)
        )
        return run

    return add


def streams(subject: Subject, *, with_end: bool = False) -> Iterator[Sample]:
    """Give the samples that are streamed answers; one that is empty where nothing is sent.

    Args:
        subject: Whose samples.
        with_end: Those alone whose end mark is known.

    Raises:
        Skipped: There is none.
    """
    if Feature.WIRE in subject.unsupported:
        yield _NO_BYTES
        return
    found = [s for s in answers(subject) if s.is_stream and not (with_end and s.ends_at is None)]
    if not found:
        what = "that names its end mark" if with_end else "of a stream"
        raise Skipped(f"no sample {what} was given")
    yield from found


def few(subject: Subject, *, with_end: bool = False) -> list[Sample]:
    """Give the first and the longest of the streams, for what takes long on each of them."""
    found = list(streams(subject, with_end=with_end))
    longest = max(found, key=lambda sample: len(sample.body))
    return [found[0]] if longest is found[0] else [found[0], longest]


def answers(subject: Subject) -> list[Sample]:
    """Give the samples that are answers, and that the provider can be asked for."""
    has_tools = Feature.TOOLS not in subject.unsupported
    return [s for s in subject.samples if s.is_answer and (has_tools or not s.expected.tool_calls)]
