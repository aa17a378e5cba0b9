"""Tests of writing the answer to one stream and all else to another."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from headwater import (
    ChatResponse,
    FinishReason,
    Message,
    Provenance,
    Role,
    StreamMetrics,
    Usage,
)
from headwater_cli._show import usage_line
from headwater_cli._terminal import Screen


class _Screenful(io.StringIO):
    """A stream that is a terminal: it shares its content with another."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        (["a"], "a\n"),
        (["a\n\n", "\n"], "a\n"),
        (["\n", "a\n", "b"], "\na\nb\n"),
        (["a\r\n"], "a\r\n"),
        (["\n\n"], ""),
        ([], ""),
    ],
    ids=["plain", "many", "within", "carriage-return", "newlines-only", "nothing"],
)
def test_the_answer_ends_with_one_newline(texts: list[str], written: str) -> None:
    """Whatever the model wrote last, one newline ends the answer; an empty one stays empty."""
    out = io.StringIO()
    screen = Screen(out, io.StringIO())
    for text in texts:
        screen.write_answer(text)
    screen.end()
    assert out.getvalue() == written


def test_a_pipe_gets_the_text_as_it_is() -> None:
    """Control characters are for the terminal alone to fear."""
    out = io.StringIO()
    screen = Screen(out, io.StringIO())
    screen.write_answer("a\x1b[2J\r\nb")
    assert out.getvalue() == "a\x1b[2J\r\nb"


def _answer_then_aside(screen: Screen) -> None:
    screen.write_answer("answer")
    screen.write_aside("aside")
    screen.end()


def _aside_then_answer(screen: Screen) -> None:
    screen.write_aside("aside")
    screen.write_answer("answer")
    screen.end()


def _line_after_answer(screen: Screen) -> None:
    screen.write_answer("answer")
    screen.write_line("line")


@pytest.mark.parametrize(
    ("write", "shown"),
    [
        (_answer_then_aside, "answer\naside\n\n"),
        (_aside_then_answer, "aside\nanswer\n"),
        (_line_after_answer, "answer\nline\n"),
    ],
    ids=["answer-aside", "aside-answer", "answer-line"],
)
def test_streams_on_one_terminal_keep_their_lines(
    write: Callable[[Screen], None], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal that both streams share, each begins on a line of its own."""
    monkeypatch.setenv("NO_COLOR", "1")
    both = _Screenful()
    write(Screen(both, both))
    assert both.getvalue() == shown


def test_an_aside_never_shows_in_the_answer() -> None:
    """The line break before an aside is no part of the answer."""
    out, err = io.StringIO(), _Screenful()
    screen = Screen(out, err)
    screen.write_answer("one")
    screen.write_aside("aside")
    screen.write_answer(" two")
    screen.end()
    assert out.getvalue() == "one two\n"


def _response(usage: Usage, reason: FinishReason | None, raw: str | None = None) -> ChatResponse:
    message = Message(Role.ASSISTANT, "x")
    return ChatResponse(message, finish_reason=reason, raw_reason=raw, usage=usage)


def _metrics(attempts: int = 1, speed: float | None = 56.1) -> StreamMetrics:
    return StreamMetrics(
        attempts=attempts,
        first_content_s=0.42,
        total_s=1.0,
        output_tokens_per_s=speed,
        longest_gap_s=None,
    )


STOP = FinishReason.STOP


@pytest.mark.parametrize(
    ("response", "metrics", "line"),
    [
        (
            _response(Usage(12, 34), STOP),
            _metrics(),
            "[stop | 12 in, 34 out tokens | first content 0.4 s, 56.1 tokens/s]",
        ),
        (
            _response(Usage(12, 34, provenance=Provenance.ESTIMATED), STOP),
            None,
            "[stop | ~12 in, ~34 out tokens]",
        ),
        (
            _response(Usage(12, None, provenance=Provenance.PARTIAL), None),
            None,
            "[incomplete | 12 in, ? out tokens (partial)]",
        ),
        (
            _response(Usage(12, 34, cached_input_tokens=5, reasoning_tokens=20), STOP),
            _metrics(attempts=2, speed=None),
            "[stop | 12 in (5 cached), 34 out (20 reasoning) tokens | first content 0.4 s, "
            "2 attempts]",
        ),
        (
            _response(Usage(), FinishReason.OTHER, "odd\x1b\n"),
            None,
            "[odd\\x1b\\n | ? in, ? out tokens]",
        ),
    ],
    ids=["reported", "estimated", "partial", "details", "unknown"],
)
def test_the_usage_line_says_how_far_to_trust_it(
    response: ChatResponse, metrics: StreamMetrics | None, line: str
) -> None:
    """Estimates are marked, what nobody knows is no number."""
    assert usage_line(response, metrics) == line
