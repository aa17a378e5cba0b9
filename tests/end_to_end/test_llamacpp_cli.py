"""The command line, against a llama.cpp server that nobody here wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each test runs a process

HEADWATER = str(Path(sys.executable).parent / "headwater")


def _headwater(llamacpp_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {"HEADWATER_LLAMACPP_BASE_URL": llamacpp_url, "HEADWATER_CONFIG_DIR": "no-such-folder"}
    return subprocess.run(
        [HEADWATER, *arguments],
        env={**os.environ, **own},  # the settings of who runs the tests are left out
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("form", [[], ["--no-stream"]], ids=["streaming", "whole"])
def test_the_command_asks_by_name(llamacpp_url: str, form: list[str]) -> None:
    """`headwater chat -m llamacpp/tiny` prints the server's answer, and the usage it reports."""
    asked = ["chat", "-m", "llamacpp/tiny", *form, "-o", "max_output_tokens", "12", "Hello"]
    done = _headwater(llamacpp_url, *asked)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("\n")
    assert "[length | " in done.stderr
    assert " 12 out tokens" in done.stderr


def test_events_come_one_by_one(llamacpp_url: str) -> None:
    """The events of a real stream: started, several deltas, finished with a reported usage."""
    asked = ["chat", "-m", "llamacpp/tiny", "--jsonl", "-o", "max_output_tokens", "12", "Hello"]
    done = _headwater(llamacpp_url, *asked)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    names = [event["event"] for event in events]
    assert (names[0], names[-1]) == ("started", "finished")
    assert names.count("text_delta") > 1
    assert events[-1]["usage"]["provenance"] == "reported"


def test_its_models_are_listed(llamacpp_url: str) -> None:
    """`headwater models llamacpp` lists what the server has loaded."""
    done = _headwater(llamacpp_url, "models", "llamacpp")
    assert done.returncode == 0, done.stderr
    assert "llamacpp/" in done.stdout


def test_its_refusal_is_told_in_its_words(llamacpp_url: str) -> None:
    """Too long a prompt is one message with the server's status, and no traceback."""
    done = _headwater(llamacpp_url, "chat", "-m", "llamacpp/tiny", "word " * 5000)
    assert done.returncode == 1
    assert "status 400" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_compared_with_the_demo(llamacpp_url: str) -> None:
    """`headwater compare` asks the server and the demo at once; the figures are the server's."""
    asked = ["compare", "-m", "llamacpp/tiny", "-m", "demo/echo", "--json"]
    done = _headwater(llamacpp_url, *asked, "-o", "max_output_tokens", "12", "Hello")
    assert done.returncode == 0, done.stderr
    tiny, demo = json.loads(done.stdout)["answers"]
    assert tiny["response"]["usage"]["output_tokens"] == 12
    assert tiny["response"]["usage"]["provenance"] == "reported"
    assert tiny["response"]["metrics"]["first_content_s"] > 0
    assert demo["response"]["text"] == "Hello"


def test_the_doctor_finds_it_well(llamacpp_url: str) -> None:
    """`headwater doctor` says that the server answers."""
    done = _headwater(llamacpp_url, "doctor", "--json")
    (found,) = [one for one in json.loads(done.stdout)["providers"] if one["name"] == "llamacpp"]
    assert found["is_ok"] is True, found
    assert found["problem"] is None
    assert found["endpoint"].startswith(llamacpp_url.removesuffix("/v1"))


def test_what_is_explained_is_what_the_server_takes(llamacpp_url: str) -> None:
    """The request that `headwater explain` shows, sent by hand, is answered."""
    asked = ["explain", "llamacpp/tiny", "-o", "max_output_tokens", "3", "--no-stream", "--json"]
    request = json.loads(_headwater(llamacpp_url, *asked, "Hello").stdout)["request"]
    sent = urllib.request.Request(
        request["url"],
        json.dumps(request["body"]).encode(),
        request["headers"],
        method=request["method"],
    )
    with urllib.request.urlopen(sent, timeout=120) as answer:
        assert json.load(answer)["usage"]["completion_tokens"] == 3
