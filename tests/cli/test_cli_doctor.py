"""Tests of `headwater doctor`: what is found, and that nobody is asked who need not be."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from headwater.testing.fault_server import FaultServer, Stall, respond
from headwater_cli import _checks

from .inside import Inside
from .shell import Shell

KEY = "sk-proj-0123456789abcdefWXYZ"
MODELS = respond(b'{"data": [{"id": "tiny"}]}', media_type="application/json")
REFUSAL = respond(b'{"error": {"message": "no such key"}}', status=401)


@pytest.fixture(autouse=True)
def nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for local servers where none is: what the machine of the test runs is its own affair."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    monkeypatch.setattr(_checks, "_USUAL_PORTS", (("Ollama", "ollama", port),))


@pytest.fixture
def bare(inside: Inside) -> Inside:
    """Run the command with none of the test's packages, one of which is out of order on purpose."""
    return attrs.evolve(inside, packages=())


def _nowhere(*but: str) -> dict[str, str]:
    """Lead the providers that need no key to where nobody answers, as on a machine without any."""
    names = {"OLLAMA", "LLAMACPP", "LMSTUDIO", "VLLM"} - set(but)
    return {f"HEADWATER_{name}_BASE_URL": "http://127.0.0.1:9" for name in names}


def _found(inside: Inside, code: int, *arguments: str, **variables: str) -> dict[str, Any]:
    done = inside.run("doctor", "--json", *arguments, **variables)
    assert (done.code, done.err) == (code, "")
    assert KEY not in done.out
    found: dict[str, Any] = json.loads(done.out)
    return found


def _provider(found: dict[str, Any], name: str) -> dict[str, Any]:
    (provider,) = [one for one in found["providers"] if one["name"] == name]
    return dict(provider)


@contextmanager
def _serving(*scripts: Any) -> Iterator[FaultServer]:
    with FaultServer(*scripts) as server:
        yield server


def test_a_machine_without_anything_is_well(bare: Inside) -> None:
    """No key, no settings and no local server are no problem; offline nobody is asked."""
    found = _found(bare, 0, "--offline")
    assert found["problems"] == []
    assert found["local_servers"] == []
    assert {"headwater", "headwater-cli", "headwater-demo", "python"} <= found["versions"].keys()
    assert found["files"]["settings"] == {
        "path": str(bare.folder / "config" / "config.toml"),
        "exists": False,
    }
    assert found["files"].keys() == {"settings", "keys", "conversations"}
    openai, ollama = _provider(found, "openai"), _provider(found, "ollama")
    assert (openai["takes_key"], openai["key"], openai["endpoint"]) == (True, None, None)
    assert ollama["endpoint"] == "http://127.0.0.1:11434/api/version"
    assert {one["is_ok"] for one in found["providers"]} == {None}


def test_a_provider_with_a_key_is_asked(bare: Inside) -> None:
    """It answers and takes the key; the one without a key is left alone."""
    with _serving(MODELS) as server:
        urls = {f"HEADWATER_{name}_BASE_URL": f"{server.url}/v1" for name in ("OPENAI", "GROQ")}
        found = _found(bare, 1, **_nowhere(), **urls, OPENAI_API_KEY=KEY)
    openai = _provider(found, "openai")
    assert openai["is_ok"] is True
    assert openai["endpoint"] == f"{server.url}/v1/models"
    assert openai["key"] == {
        "key": "…WXYZ",
        "from": "OPENAI_API_KEY",
        "problem": None,
        "hides": None,
    }
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {KEY}"]
    assert _provider(found, "groq")["is_ok"] is None
    assert [text.partition(":")[0] for text in found["problems"]] == [
        "llamacpp",
        "lmstudio",
        "ollama",
        "vllm",
    ]


def test_a_key_that_is_refused_is_a_problem(bare: Inside) -> None:
    """Refused, or not answered in time: both are told, at once."""
    with _serving(REFUSAL) as server:
        found = _found(bare, 1, OPENAI_API_KEY=KEY, HEADWATER_OPENAI_BASE_URL=f"{server.url}/v1")
    assert _provider(found, "openai")["is_ok"] is False
    (problem,) = found["problems"]
    assert problem.startswith("openai: no such key (check OPENAI_API_KEY)")


@pytest.mark.slow
def test_all_are_asked_at_once_and_not_for_long(
    bare: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers that never answer cost the limit once."""
    monkeypatch.setattr(_checks, "_PATIENCE_S", 0.3)
    with _serving((Stall(),)) as server:
        urls = {
            f"HEADWATER_{name}_BASE_URL": f"{server.url}/v1"
            for name in ("OLLAMA", "LLAMACPP", "LMSTUDIO", "VLLM")
        }
        found = _found(bare, 1, **urls)
        assert len(server.connections) == 4
    assert [text.partition(": ")[2] for text in found["problems"]] == ["no answer within 0.3 s"] * 4
    assert all(one["waited_s"] < 1.0 for one in found["providers"] if one["waited_s"] is not None)


def test_a_local_server_that_is_not_running_is_no_problem(bare: Inside) -> None:
    """Only who has said where it is expects an answer there."""
    done = bare.run("doctor", **_nowhere())
    assert done.code == 1
    assert "Problem: ollama: cannot connect to http://127.0.0.1:9" in done.out


def test_usual_ports_are_looked_at(bare: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each usual port it is told whether something listens, and how to ask it."""
    with closing(socket.create_server(("localhost", 0))) as server:
        there = server.getsockname()[1]
        monkeypatch.setattr(
            _checks,
            "_USUAL_PORTS",
            (*_checks._USUAL_PORTS, ("vLLM", "vllm", there)),
        )
        done = bare.run("doctor", **_nowhere())
    table = done.out.partition("LOCAL SERVER")[2]
    assert "nothing listens" in table
    assert f"{there}" in table
    assert "something listens; `headwater models vllm` asks it" in table


def test_broken_plugins_are_problems(inside: Inside) -> None:
    """Each is named with its distribution and cause; the others stand as they do."""
    found = _found(attrs.evolve(inside, packages=("broken",)), 1, "--offline")
    assert len(found["problems"]) == 4
    assert all("headwater-broken 1.0" in problem for problem in found["problems"])
    assert _provider(found, "broken-import")["is_ok"] is False
    assert _provider(found, "demo")["problem"] is None


@pytest.mark.parametrize(
    ("settings", "variables", "said"),
    [
        ("model =", {}, "is no TOML"),
        ("modle = 'x'", {}, "modle: no such setting"),
        ("model = 'opnai/x'", {}, "the setting model is opnai/x, and no plugin provides 'opnai'"),
        ("model = 'fast'", {}, "the setting model: expected a model id"),
        ("[aliases]\na = 'opnai/x'", {}, "the alias a is opnai/x, and no plugin"),
        ("", {"HEADWATER_MODEL": "eliza"}, "HEADWATER_MODEL: expected a model id"),
        ("", {"HEADWATER_OPNAI_API_KEY": KEY}, "HEADWATER_OPNAI_API_KEY is set, and no plugin"),
        ("", {"OPENAI_API_KEY": "two words"}, "openai: the key holds characters that no key has"),
        ("", {"AZURE_OPENAI_API_KEY": KEY}, "azure: this provider has no address of its own"),
        ("", {"OPENAI_BASE_URL": "ftp://x", "OPENAI_API_KEY": KEY}, ""),
    ],
    ids=[
        *("toml", "name", "model", "alias-as-model", "alias", "variable", "typo", "key"),
        *("no-address", "address"),
    ],
)
def test_wrong_settings_are_problems(
    bare: Inside, settings: str, variables: dict[str, str], said: str
) -> None:
    """Each is told in one line, and the rest is looked at all the same."""
    (bare.folder / "config").mkdir()
    (bare.folder / "config" / "config.toml").write_text(settings)
    found = _found(bare, 1, "--offline", **variables)
    assert [problem for problem in found["problems"] if said not in problem] == []
    assert len(found["problems"]) == 1
    assert _provider(found, "demo")["problem"] is None


@pytest.mark.skipif(os.name != "posix", reason="modes say nothing elsewhere")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"[keys]\nopenai = '{KEY}'", "`chmod 600"),
        (KEY, "is no TOML"),
        (f"a = '{KEY}'", "[keyring]"),
    ],
    ids=["open-to-others", "toml", "place"],
)
def test_a_file_of_keys_that_cannot_be_used_is_a_problem(
    bare: Inside, content: str, said: str
) -> None:
    """What is wrong with the file is told, and no key with it."""
    (bare.folder / "config").mkdir()
    path = Path(bare.folder / "config" / "keys.toml")
    path.write_text(content)
    path.chmod(0o644)
    (problem,) = _found(bare, 1, "--offline")["problems"]
    assert said in problem


@pytest.mark.slow
def test_a_person_reads_a_table(tmp_path: Path) -> None:
    """On a terminal: versions, files, providers, who has no key, servers, and the verdict."""
    shell = Shell(tmp_path, ())
    shell.run("keys", "set", "openai", given=KEY)
    with shell.terminal("doctor", "--offline") as terminal:
        assert terminal.wait() == 0
    shown = terminal.shown
    assert "~/config/keys.toml" in shown
    assert re.search(r"openai +…WXYZ the file of ", shown)
    assert "Without a key: anthropic, " in shown
    assert shown.rstrip().endswith("No problem was found.")
    assert KEY not in shown


def test_the_variables_of_the_core_are_no_strangers() -> None:
    """What the framework itself reads from the environment is no name of a provider."""
    named = ["HEADWATER_MODEL", "HEADWATER_CONFIG_DIR", "HEADWATER_ALLOW_HTTP"]
    assert [name for name in named if _checks._PLUGIN_VARIABLE.fullmatch(name)] == []


def test_a_provider_that_breaks_its_contract_is_a_problem(inside: Inside) -> None:
    """One that answers without HTTP, and wrongly, is told as well."""
    (problem,) = _found(inside, 1, "--offline")["problems"]
    assert problem.startswith("stage-models: ")
    assert "expected a ModelInfo, got str" in problem
