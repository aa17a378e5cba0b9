"""Whatever a server and a reader do: the reader has what it was handed, and nothing is left."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater import ChatOptions, HeadwaterError, TextDelta
from headwater.blocking import ChatStream, Runner, Session
from headwater.testing import End, FaultServer, Reset, Stall, Wait, respond
from headwater.testing.fault_server import Script, Step

from .lines import END, Lines, said

LIMIT_S = 0.2  # within which what the server says at once comes, in another thread

ENDINGS: dict[str, list[Step]] = {
    "whole": [said(END)],
    "cut": [End()],
    "reset": [Wait(0.01), Reset()],
    "silent": [Stall()],
}


def script(sizes: Sequence[int], ending: str) -> Script:
    """Answer with numbers, so many at a time."""
    numbers = iter(range(sum(sizes)))
    pieces = [said(*[str(next(numbers)) for _ in range(size)]) for size in sizes]
    return respond(*[step for piece in pieces for step in (piece, Wait(0.001))], *ENDINGS[ending])


def read(stream: ChatStream, at_most: int) -> tuple[list[str], HeadwaterError | None]:
    """Read so many texts, and tell how it ended."""
    texts: list[str] = []
    try:
        with stream:
            for event in stream:
                texts += [event.text] if isinstance(event, TextDelta) else []
                if len(texts) > at_most:
                    break
    except HeadwaterError as error:
        return texts, error
    return texts, None


@pytest.mark.slow
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    sizes=st.lists(st.integers(1, 150), max_size=4),
    ending=st.sampled_from(sorted(ENDINGS)),
    at_most=st.one_of(st.just(10_000), st.integers(0, 300)),
    read_ahead=st.sampled_from([1, 2, 10, 100]),
    in_session=st.booleans(),
)
def test_the_reader_has_what_it_was_handed(
    server: FaultServer,
    sizes: list[int],
    ending: str,
    at_most: int,
    read_ahead: int,
    in_session: bool,
) -> None:
    """The texts are the server's, in order; response, partial and history have them and no more."""
    server.answer_with(script(sizes, ending))
    with Runner(providers={"lines": Lines(server.url)}, read_ahead=read_ahead) as runner:
        session = Session(runner, "lines/m")
        limits: ChatOptions = {"attempts": 1, "idle_s": LIMIT_S, "first_content_s": LIMIT_S}
        stream = (
            session.stream("Hi", **limits)
            if in_session
            else runner.stream_chat("lines/m", "Hi", **limits)
        )
        texts, error = read(stream, at_most)
        is_whole = stream.response.finish_reason is not None
        assert texts == [str(number) for number in range(len(texts))]
        assert stream.response.text == "".join(texts)
        assert is_whole == (error is None and len(texts) <= at_most)
        assert not is_whole or (ending == "whole" and len(texts) == sum(sizes))
        if error is not None:
            assert error.partial is not None
            assert error.partial.text == "".join(texts)
        assert [bool(session.messages), session.is_busy] == [in_session and is_whole, False]
    assert not [each for each in threading.enumerate() if each.name == "headwater-blocking"]
