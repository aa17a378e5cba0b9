"""The tree of errors, and what an error says of itself."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

import headwater
from headwater import (
    Category,
    HeadwaterError,
    IdleTimeout,
    LimitPassed,
    ProtocolError,
    RateLimited,
)
from headwater import errors as errors_module

CLASSES = [
    kind
    for kind in vars(errors_module).values()
    if isinstance(kind, type) and issubclass(kind, HeadwaterError)
]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_is_public_and_drawn_in_the_tree(kind: type[HeadwaterError]) -> None:
    """A reader of the tree at the head of the module sees all there is."""
    assert getattr(headwater, kind.__name__) is kind
    assert kind.__name__ in (errors_module.__doc__ or "")
    assert isinstance(kind.category, Category)


def test_an_error_shows_status_and_request_id() -> None:
    """What a support case needs stands behind the message, fit for a terminal."""
    error = RateLimited("slow down", status=429, request_id="r\x1b1")
    assert str(error) == "slow down [status 429, request id r\\x1b1]"


def test_an_error_without_facts_shows_its_message() -> None:
    """And nothing else."""
    assert str(RateLimited("slow down")) == "slow down"


def test_whether_to_retry_may_be_said() -> None:
    """As the class says, unless whoever raises it knows better."""
    assert RateLimited("x").is_retryable
    assert not RateLimited("x", is_retryable=False).is_retryable


def test_a_reworded_error_shows_the_new_words_alone() -> None:
    """Nothing of the old message is left."""
    error = RateLimited("with sk-key")
    error.reword("with ***")
    assert "sk-key" not in f"{error} {error!r} {error.args}"


def pickled(error: HeadwaterError) -> object:
    """Send an error through pickle."""
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize(
    "error",
    [RateLimited("x", status=429), IdleTimeout("x", limit_s=1, waited_s=2)],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("again", [copy.copy, pickled], ids=["copy", "pickle"])
def test_an_error_survives_copying(
    error: HeadwaterError, again: Callable[[HeadwaterError], object]
) -> None:
    """An error may cross from one process to another."""
    copied = again(error)
    assert (type(copied), str(copied), vars(copied)) == (type(error), str(error), vars(error))


def test_a_limit_says_how_long() -> None:
    """The limit and the wait are numbers."""
    error: LimitPassed = IdleTimeout("x", limit_s=1, waited_s=2)
    assert (error.limit_s, error.waited_s, error.is_retryable) == (1, 2, True)


def test_malformed_data_is_shown_round_its_offset() -> None:
    """Two hundred characters round where the decoder stopped, escaped."""
    data = b"a" * 500 + b"\x1bBAD" + b"b" * 500
    error = ProtocolError.malformed("JSON", data, ValueError("no (byte 500)"))
    message = str(error)
    assert "expected JSON, got 1004 bytes that do not fit at byte 500" in message
    assert ("\\x1bBAD" in message, "a" * 101 in message) == (True, False)


def test_a_nesting_bomb_is_named() -> None:
    """A recursion is no decoder's message."""
    error = ProtocolError.malformed("JSON", "[[", RecursionError("maximum recursion depth"))
    assert "nested too deeply" in str(error)
