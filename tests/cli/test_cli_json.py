"""Tests of the answer for programs."""

from __future__ import annotations

import json

import pytest

from .shell import TIMEOUT_S, Shell

pytestmark = pytest.mark.slow  # each test runs a process

RESPONSE_FIELDS = {
    "text",
    "reasoning",
    "refusal",
    "tool_calls",
    "finish_reason",
    "raw_reason",
    "usage",
    "model",
    "response_id",
    "dropped",
    "provider_events",
    "metrics",
}


def test_json_is_one_object(shell: Shell) -> None:
    """The whole answer, with usage and metrics, on one line of standard output."""
    done = shell.run("chat", "-m", "stage/thoughts", "--json", "go")
    answer = json.loads(done.out)
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    assert answer.keys() == RESPONSE_FIELDS
    assert answer["text"] == "First.\nSecond."
    assert answer["finish_reason"] == "stop"
    assert answer["usage"] == {
        "input_tokens": 12,
        "output_tokens": 34,
        "cached_input_tokens": 5,
        "cache_write_tokens": None,
        "reasoning_tokens": 20,
        "provenance": "reported",
        "total_tokens": 46,
    }
    assert answer["metrics"]["attempts"] == 1
    assert answer["metrics"]["first_content_s"] >= 0


def test_json_holds_tool_calls(shell: Shell) -> None:
    """Each call with its verdict; broken arguments are no object."""
    answer = json.loads(shell.run("chat", "-m", "stage/tools", "--json", "go").out)
    assert [call["is_valid"] for call in answer["tool_calls"]] == [True, False]
    assert [call["arguments"] for call in answer["tool_calls"]] == [{"city": "Zürich"}, None]


def test_json_lines_are_one_event_each(shell: Shell) -> None:
    """Each event is a line that names its kind and holds its fields."""
    done = shell.run("chat", "-m", "stage/tools", "--jsonl", "go")
    events = [json.loads(line) for line in done.out.splitlines()]
    call = ["tool_call_started", "tool_call_delta", "tool_call_finished"]
    assert [event["event"] for event in events] == ["started", *call, *call, "finished"]
    assert events[3]["arguments"] == {"city": "Zürich"}
    assert events[-1]["usage"]["input_tokens"] == 7
    assert (done.code, done.err) == (0, "")


def test_json_lines_come_as_they_happen(shell: Shell) -> None:
    """A line is flushed when its event comes, so that a program can act on it."""
    gate = shell.folder / "gate"
    running = shell.start("chat", "-m", "stage/slow", "--jsonl", "go", STAGE_GATE=str(gate))
    assert running.stdout is not None
    lines = [json.loads(running.stdout.readline()) for _ in range(2)]
    is_running = running.poll() is None
    gate.touch()
    running.communicate(timeout=TIMEOUT_S)
    assert [line["event"] for line in lines] == ["started", "text_delta"]
    assert is_running


def test_an_error_is_json_too(shell: Shell) -> None:
    """A program finds the error where it looks for the answer, with what had come."""
    done = shell.run("chat", "-m", "stage/cut", "--json", "-o", "attempts", "1", "go")
    error = json.loads(done.out)["error"]
    assert done.code == 1
    assert error["class"] == "StreamInterrupted"
    assert error["category"] == "connection"
    assert error["partial_text"] == "half an ans"
    assert error["attempts"] == 1
    assert done.err.startswith("Error: ")


def test_an_error_is_the_last_line(shell: Shell) -> None:
    """A stream of events that breaks ends with the error."""
    done = shell.run("chat", "-m", "stage/fail-RateLimited", "--jsonl", "go")
    (error,) = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 4
    assert error["event"] == "error"
    assert error["class"] == "RateLimited"
    assert (error["status"], error["request_id"], error["retry_after_s"]) == (418, "req_1", 7.0)


def test_a_wrong_argument_is_json_too(shell: Shell) -> None:
    """What is wrong before anything is sent is told in the same form."""
    done = shell.run("chat", "-m", "nonsense", "--json", "go")
    assert json.loads(done.out)["error"]["class"] == "InvalidRequest"
    assert done.code == 2
