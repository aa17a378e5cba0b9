"""Tests of how runs end: exit codes, and messages that say what to do."""

from __future__ import annotations

import pytest

import headwater
from headwater import HeadwaterError, InvalidRequest, LimitPassed, UnsupportedFeature
from headwater_cli._errors import exit_code

from .shell import Shell

pytestmark = pytest.mark.slow  # each test runs a process

ANSWERED = {
    "AuthenticationError": 3,
    "MissingKey": 3,
    "MalformedKey": 3,
    "RateLimited": 4,
    "FirstContentTimeout": 5,
    "ServerError": 1,
    "InvalidRequest": 1,
}
BY_DOCUMENTATION = {
    "UnknownProvider": 2,
    "MissingKey": 3,
    "MalformedKey": 3,
    "AuthenticationError": 3,
    "PermissionDenied": 3,
    "RateLimited": 4,
    "QuotaExceeded": 4,
    "ConnectTimeout": 5,
    "FirstContentTimeout": 5,
    "IdleTimeout": 5,
    "ContentGapTimeout": 5,
    "DeadlineExceeded": 5,
    "LimitPassed": 5,
}


@pytest.mark.parametrize(("name", "code"), ANSWERED.items(), ids=ANSWERED)
def test_the_exit_code_tells_the_kind(shell: Shell, name: str, code: int) -> None:
    """What a provider answers has the exit code of its kind, and one message."""
    done = shell.run("chat", "-m", f"stage/fail-{name}", "-o", "attempts", "1", "go")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("Error: ")
    assert "Traceback" not in done.err


def _kinds() -> list[type[HeadwaterError]]:
    named = [getattr(headwater, name) for name in headwater.__all__]
    return [kind for kind in named if isinstance(kind, type) and issubclass(kind, HeadwaterError)]


@pytest.mark.parametrize("kind", _kinds(), ids=lambda kind: kind.__name__)
def test_every_answer_of_a_provider_has_its_code(kind: type[HeadwaterError]) -> None:
    """Each class of error that a provider answers with has the documented exit code, else 1."""
    error = kind("x", limit_s=1.0, waited_s=1.0) if issubclass(kind, LimitPassed) else kind("x")
    error.status = 400
    assert exit_code(error) == BY_DOCUMENTATION.get(kind.__name__, 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequest("x"), 2),
        (UnsupportedFeature("x"), 2),
        (InvalidRequest("x", status=400), 1),
        (UnsupportedFeature("x", code="unsupported_value"), 1),
    ],
    ids=["argument", "cannot-be-sent", "refused", "refused-in-mid-stream"],
)
def test_wrong_arguments_are_no_answers(error: HeadwaterError, code: int) -> None:
    """What we refuse is a usage error, what the provider refuses is its answer."""
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["-m", "eliza", "hi"], 2, 'expected a model id of the form "provider/model"'),
        (["-m", "demo/\x1b[2J", "hi"], 2, "holds control characters"),
        (["-m", "opnai/gpt", "hi"], 2, "no plugin provides 'opnai'"),
        (["-m", "demo/nobody", "hi"], 1, "it has eliza, echo"),
        (["-m", "demo/echo"], 2, "the prompt is empty"),
        (["-m", "demo/echo", " "], 2, "the prompt is empty"),
        (["-m", "demo/echo", "two", "words"], 2, "Got unexpected extra argument (words)"),
        (["-m", "demo/echo", "-o", "temprature", "1", "hi"], 2, "Did you mean temperature?"),
        (["-m", "demo/echo", "-o", "temperature", "9", "hi"], 2, "a number from 0 to 2"),
        (["-m", "demo/echo", "-o", "total_s", "0", "hi"], 2, "expected total_s to be a limit"),
        (["-m", "demo/echo", "-o", "seed", "hi"], 2, "seed: expected a whole number, got 'hi'"),
        (["-m", "demo/echo", "-a", "nowhere.png", "hi"], 2, "cannot read nowhere.png"),
        (["-m", "demo/echo", "-a", "https://a.b/c", "hi"], 2, "does not say that it is an image"),
        (["-m", "demo/eliza", "-a", "https://a.b/c.png", "hi"], 2, "reads text alone, not Image"),
        (["-m", "demo/echo", "--json", "--jsonl", "hi"], 2, "give one of --json, --jsonl"),
        (["-m", "demo/echo", "-s", "a", "-o", "system", "b", "hi"], 2, "given twice"),
        (["--nonsense"], 2, "No such option"),
        (["-m", "stage/bug", "hi"], 1, "ZeroDivisionError: division by \\x1b[5mzero"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_wrong_input_says_what_is_right(
    shell: Shell, arguments: list[str], code: int, said: str
) -> None:
    """Each mistake has its own message with the way out, and no traceback."""
    done = shell.run("chat", *arguments)
    assert said in done.err
    assert done.code == code
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    ("given", "said"),
    [(b"\xff\xfe\x00", "no text in UTF-8; attach a file")],
    ids=["binary"],
)
def test_input_that_cannot_be_sent_is_refused(shell: Shell, given: bytes, said: str) -> None:
    """What is piped in must be text."""
    done = shell.run("chat", "-m", "demo/echo", "hi", given=given)
    assert done.code == 2
    assert said in done.err


def test_a_partial_answer_stays(shell: Shell) -> None:
    """What had come before an error stands on standard output, ended by a newline."""
    done = shell.run("chat", "-m", "stage/cut", "go")
    assert (done.code, done.out) == (1, "half an ans\n")
    first, message, hint = done.err.splitlines()
    assert first.startswith("[incomplete | ")
    assert message.startswith("Error: ")
    assert hint == "Hint: ask again; what came is no complete answer."


def test_a_passed_limit_says_how_to_allow_more(shell: Shell) -> None:
    """A real limit on a real wait ends with the option that moves it."""
    done = shell.run("chat", "-m", "stage/silent", "-o", "total_s", "0.2", "go")
    assert done.code == 5
    assert "-o total_s SECONDS" in done.err


def test_a_rate_limit_says_when_to_come_back(shell: Shell) -> None:
    """The provider's wait is passed on."""
    done = shell.run("chat", "-m", "stage/fail-RateLimited", "go")
    assert "try again in 7 s" in done.err
    assert "request id req_1" in done.err
