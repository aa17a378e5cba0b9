"""Tests of `headwater explain`: what a call would be, and that it is not made."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from headwater import Limits
from headwater_cli._limits import effective_limits

from .inside import Inside
from .shell import Done, Shell

KEY = "sk-proj-0123456789abcdefWXYZ"


def _told(done: Done) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(done.out)
    return told


def test_the_request_is_shown_and_not_sent(inside: Inside) -> None:
    """Package, class, address, key, limits and request are told; nobody connects."""
    with closing(create_server(("127.0.0.1", 0))) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        done = inside.run(
            *("explain", "openai/gpt-5-mini", "-s", "Be kind.", "-o", "total_s", "30", "--json"),
            "Hi there",
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL=url,
        )
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert (done.code, done.err) == (0, "")
    told = _told(done)
    assert told["provider"] == "openai"
    assert told["distribution"].startswith("headwater-openai ")
    assert told["class"] == "headwater_openai.OpenAI"
    assert told["endpoint"] == told["request"]["url"] == f"{url}/responses"
    assert told["key"]["key"] == "…WXYZ"
    assert told["key"]["from"] == "OPENAI_API_KEY"
    assert told["middleware"] == ["Log", "Deadline", "Retry", "Timeout"]
    assert told["limits"]["total_s"] == {"value": 30, "from": "call"}
    assert told["limits"]["first_content_s"] == {"value": 300, "from": "provider"}
    assert told["limits"]["content_gap_s"] == {"value": None, "from": "default"}
    assert told["request"]["method"] == "POST"
    assert told["request"]["headers"]["authorization"] == "Bearer ***"
    body = told["request"]["body"]
    assert (body["model"], body["stream"]) == ("gpt-5-mini", True)
    assert "Hi there" in json.dumps(body)
    assert "Be kind." in json.dumps(body)
    assert KEY not in done.out


@pytest.mark.slow
def test_people_read_the_same(shell: Shell) -> None:
    """On lines: the facts, the limits, the request, its body."""
    done = shell.run("explain", "llamacpp/tiny", "-o", "seed", "7", "Hi")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "model       llamacpp/tiny"
    assert "endpoint    http://127.0.0.1:8080/v1/chat/completions" in lines
    assert "  first_content_s  300    provider" in lines
    assert "  content_gap_s    off    default" in lines
    assert "POST http://127.0.0.1:8080/v1/chat/completions" in lines
    assert json.loads("\n".join(lines[lines.index("{") :]))["seed"] == 7


def test_a_key_that_is_missing_hides_nothing_else(inside: Inside) -> None:
    """All is told with a stand-in for the key; the exit code and the hint are those of `chat`."""
    done = inside.run("explain", "anthropic/claude-sonnet-4-5", "--no-stream")
    assert done.code == 3
    assert "x-api-key: ***" in done.out
    assert "none in HEADWATER_ANTHROPIC_API_KEY, ANTHROPIC_API_KEY" in done.out
    assert '"stream"' not in done.out
    assert "headwater keys set anthropic" in done.err


def test_a_kept_key_is_told(inside: Inside) -> None:
    """The file is named as the place where the key comes from, and the alias as the name."""
    inside.run("keys", "set", "anthropic", given=KEY)
    inside.run("aliases", "set", "best", "anthropic/claude-sonnet-4-5")
    done = inside.run("explain", "best")
    assert done.code == 0
    assert "model       anthropic/claude-sonnet-4-5, for the alias best" in done.out
    assert "key         …WXYZ from the file of keys" in done.out
    assert KEY not in done.out


@pytest.mark.parametrize(
    "model",
    ["demo/echo", pytest.param("demo/fault-stall", marks=pytest.mark.slow), "stage-whole/x"],
)
def test_who_answers_without_http_says_so(inside: Inside, model: str) -> None:
    """There is no request to show, even of a model that would keep one waiting."""
    done = inside.run("explain", model)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("Nothing would be sent: this provider answers without HTTP.\n")
    assert "endpoint    none" in done.out


def test_long_texts_are_cut_for_people_alone(inside: Inside) -> None:
    """An attachment does not fill the screen; a program gets the exact body."""
    given = "long " * 1000
    shown = inside.run("explain", "ollama/x", given=given)
    assert "… (5,000 characters)" in shown.out
    assert len(shown.out) < 2500
    body = _told(inside.run("explain", "ollama/x", "--json", given=given))["request"]["body"]
    assert body["messages"][0]["content"] == given


def test_a_key_never_shows_wherever_it_stands(inside: Inside) -> None:
    """Who puts the key into the body too sees stars there."""
    asked = ("explain", "openai/x", "-o", "extra.metadata.a", KEY)
    for form in ((), ("--json",)):
        done = inside.run(*asked, *form, OPENAI_API_KEY=KEY)
        assert KEY not in done.out + done.err
        assert "***" in done.out


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "said"),
    [
        (["opnai/x"], {}, 2, "no plugin provides 'opnai'"),
        (["eliza"], {}, 2, 'expected a model id of the form "provider/model"'),
        (["demo/nobody"], {}, 1, "the demo has no model 'nobody'"),
        (["demo/echo", "-o", "temprature", "1"], {}, 2, "Did you mean temperature?"),
        (["ollama/x", "-a", "nowhere.png"], {}, 2, "cannot read nowhere.png"),
        (["compatible/x"], {}, 1, "HEADWATER_COMPATIBLE_BASE_URL"),
        (
            ["openai/x"],
            {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://models.example/v1"},
            1,
            "a key would go to models.example over plain http",
        ),
        ([], {}, 2, "Missing argument 'MODEL'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_would_fail_says_why(
    inside: Inside, arguments: list[str], variables: dict[str, str], code: int, said: str
) -> None:
    """The exit code and the message are those that the call would end with."""
    done = inside.run("explain", *arguments, **variables)
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err
    assert KEY not in done.out + done.err


def test_what_is_set_for_every_call_counts_as_the_call(inside: Inside, tmp_path: Path) -> None:
    """Options from the settings are in the request, and limits are told as the call's."""
    inside.run("config", "set", "options.temperature", "0.5")
    inside.run("config", "set", "options.attempts", "1")
    told = _told(inside.run("explain", "llamacpp/tiny", "--json", "Hi"))
    assert told["request"]["body"]["temperature"] == 0.5
    assert told["limits"]["attempts"] == {"value": 1, "from": "call"}


def test_every_limit_has_its_place() -> None:
    """The call wins over the provider, that over the default; none is left out."""
    found = {
        limit.name: (limit.value, limit.place)
        for limit in effective_limits({"idle_s": 5.0}, Limits(idle_s=7.0, connect_s=2.0))
    }
    assert found == {
        "connect_s": (2.0, "provider"),
        "first_content_s": (120.0, "default"),
        "idle_s": (5.0, "call"),
        "content_gap_s": (float("inf"), "default"),
        "total_s": (600.0, "default"),
        "attempts": (3, "default"),
    }
