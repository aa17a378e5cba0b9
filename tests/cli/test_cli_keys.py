"""Tests of `headwater keys`: where a key is kept, who may see it, and which one is used."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from headwater import ConfigurationError, Secret
from headwater.testing.fault_server import FaultServer, respond
from headwater_cli._key_store import KeyStore, Place, masked
from headwater_cli._keyring import has_keyring

from .inside import Inside
from .shell import COMMAND, TIMEOUT_S, Done, Shell

KEY = "sk-proj-0123456789abcdefWXYZ"
NOWHERE = {"HEADWATER_OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}


def _file(shell: Shell | Inside) -> Path:
    return shell.folder / "config" / "keys.toml"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _listed(shell: Shell | Inside, **variables: str) -> list[dict[str, str | None]]:
    done = shell.run("keys", "list", "--json", **variables)
    assert done.code == 0, done.err
    listed: list[dict[str, str | None]] = json.loads(done.out)
    return listed


def _shows_nothing_of(key: str, done: Done) -> bool:
    """Tell whether no more than the last four characters of a key were printed."""
    return key[:-4] not in done.out + done.err and key[3:] not in done.out + done.err


@pytest.mark.slow
def test_a_key_is_kept_in_a_file_of_its_owner(shell: Shell) -> None:
    """It is read from standard input, stands in a file of mode 0600, and shows masked alone."""
    done = shell.run("keys", "set", "openai", given=f"{KEY}\n")
    assert (done.code, done.out) == (0, f"The key of openai is kept in {_file(shell)}: …WXYZ\n")
    assert _shows_nothing_of(KEY, done)
    assert _file(shell).read_text() == f'[keys]\nopenai = "{KEY}"\n'
    assert (_mode(_file(shell)), _mode(_file(shell).parent)) == (0o600, 0o700)
    assert shell.run("keys", "path").out == f"{_file(shell)}\n"
    listed = shell.run("keys", "list")
    assert listed.out.splitlines()[1].split() == ["openai", "…WXYZ", "the", "file", "of", "keys"]
    removed = shell.run("keys", "remove", "openai")
    assert removed.code == 0
    assert _listed(shell) == []
    assert KEY not in _file(shell).read_text()


@pytest.mark.slow
def test_a_key_is_asked_for_without_showing(shell: Shell) -> None:
    """On a terminal it is typed blind; Ctrl-C leaves everything as it was."""
    with shell.terminal("keys", "set", "openai") as terminal:
        terminal.wait_for("(it does not show): ")
        terminal.press("\x03")
        assert terminal.wait() == 130
    assert not _file(shell).exists()
    with shell.terminal("keys", "set", "openai") as terminal:
        terminal.wait_for("(it does not show): ")
        terminal.press(f"{KEY}\n")
        assert terminal.wait() == 0
    assert KEY[:8] not in terminal.shown
    assert KEY in _file(shell).read_text()


def test_argument_environment_file_is_the_order(inside: Inside) -> None:
    """Each variable of a provider wins over the kept key, and the list says so."""
    inside.run("keys", "set", "openai", given=KEY)
    (kept,) = _listed(inside)
    assert kept == {
        "provider": "openai",
        "key": "…WXYZ",
        "from": "the file of keys",
        "problem": None,
        "hides": None,
    }
    (own,) = _listed(inside, OPENAI_API_KEY="short")
    assert (own["key"], own["from"], own["hides"]) == ("…", "OPENAI_API_KEY", "the file of keys")
    both = {"OPENAI_API_KEY": "short", "HEADWATER_OPENAI_API_KEY": "k" * 20}
    (ours,) = _listed(inside, **both)
    assert (ours["key"], ours["from"]) == ("…kkkk", "HEADWATER_OPENAI_API_KEY")
    noted = inside.run("keys", "set", "openai", given=KEY, OPENAI_API_KEY="short")
    assert "OPENAI_API_KEY is set in the environment, and wins" in noted.err


def test_a_kept_key_is_used(inside: Inside) -> None:
    """Without a key a provider asks for one and says how; with a kept one it gets to the wire."""
    asked = ("chat", "-m", "openai/gpt-5-mini", "-o", "attempts", "1", "hi")
    missing = inside.run(*asked, **NOWHERE)
    assert missing.code == 3
    assert "or keep one with `headwater keys set openai`" in missing.err
    inside.run("keys", "set", "openai", given=KEY)
    used = inside.run(*asked, **NOWHERE)
    assert used.code == 1
    assert "127.0.0.1" in used.err
    with FaultServer(respond(b'{"error": {"message": "no such key"}}', status=401)) as server:
        refused = inside.run(*asked, HEADWATER_OPENAI_BASE_URL=f"{server.url}/v1")
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert refused.code == 3
    assert "`headwater keys list` tells which key was used" in refused.err
    assert _shows_nothing_of(KEY, used)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="modes say nothing elsewhere")
def test_a_file_that_others_can_open_is_refused(inside: Inside) -> None:
    """A key that others may have read is not used before its owner was told; others go on."""
    inside.run("keys", "set", "openai", given=KEY)
    _file(inside).chmod(0o640)
    refused = inside.run("chat", "-m", "openai/gpt-5-mini", "hi", **NOWHERE)
    assert refused.code == 1
    assert f"others may open it (mode 0640): run `chmod 600 {_file(inside)}`" in refused.err
    assert inside.run("chat", "-m", "demo/eliza", "hi").code == 0
    (listed,) = _listed(inside)
    assert "chmod 600" in str(listed["problem"])
    mended = inside.run("keys", "set", "anthropic", given=KEY)
    assert "others could open" in mended.err
    assert _mode(_file(inside)) == 0o600


@pytest.mark.parametrize(
    ("arguments", "given", "code", "said"),
    [
        (["set", "openai", KEY], "", 2, "a key is no argument"),
        (["set", "openai"], "", 3, "the key is empty"),
        (["set", "openai"], "two words", 3, "holds characters that no key has"),
        (["set", "opnai"], KEY, 2, "no plugin provides 'opnai'"),
        (["set", "demo"], KEY, 2, "demo takes no key"),
        (["remove", "openai"], "", 2, "no key of openai is kept; there are keys of: none"),
    ],
    ids=["argument", "empty", "malformed", "unknown", "keyless", "not-kept"],
)
def test_wrong_input_is_refused(
    inside: Inside, arguments: list[str], given: str, code: int, said: str
) -> None:
    """Each mistake is named, and no key with it."""
    done = inside.run("keys", *arguments, given=given)
    assert done.code == code
    assert said in done.err
    assert _shows_nothing_of(KEY, done)
    assert not _file(inside).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[keys\nopenai = 1", "is no TOML"),
        (f'openai = "{KEY}"', "expected the tables [keys] and [keyring], got 'openai'"),
        (f"[keys]\nopenai = ['{KEY}']", "expected a key as text for 'openai'"),
        (b"\xff\xfe", "is no text in UTF-8"),
    ],
    ids=["toml", "place", "type", "bytes"],
)
def test_a_file_that_cannot_be_read_is_named(
    inside: Inside, content: str | bytes, said: str
) -> None:
    """What is wrong with the file is told, without a word of what is in it."""
    _file(inside).parent.mkdir()
    _file(inside).write_bytes(content if isinstance(content, bytes) else content.encode())
    for done in (inside.run("keys", "list"), inside.run("keys", "set", "openai", given=KEY)):
        assert done.code == 1
        assert done.err.startswith("Error: ")
        assert said in done.err
        assert _shows_nothing_of(KEY, done)


def test_a_keyring_that_fails_leaves_the_file(inside: Inside) -> None:
    """On a machine without a screen the key goes to the file, and one line says why."""
    done = inside.run("keys", "set", "openai", given=KEY)
    assert "the keyring of this machine cannot be used here (NoKeyringError)" in done.err
    assert KEY in _file(inside).read_text()
    quiet = inside.run("keys", "set", "openai", "--file", given=KEY)
    assert quiet.err == ""


@pytest.mark.slow
def test_a_keyring_that_works_keeps_the_key(tmp_path: Path) -> None:
    """The file then has the name alone; locked, it is told to who asks that provider."""
    shell = Shell(tmp_path, ("stage", "keyring"))
    rings = tmp_path / "rings.json"
    rings.write_text("{}")
    ring = {"PYTHON_KEYRING_BACKEND": "stage_keyring.Backend", "STAGE_KEYRING": str(rings)}
    done = shell.run("keys", "set", "openai", given=KEY, **ring)
    assert done.out == "The key of openai is kept in the keyring: …WXYZ\n"
    assert _file(shell).read_text() == "[keyring]\nopenai = true\n"
    assert json.loads(rings.read_text()) == {"headwater openai": KEY}
    (listed,) = _listed(shell, **ring)
    assert (listed["key"], listed["from"]) == ("…WXYZ", "the keyring")
    locked = shell.run("chat", "-m", "openai/x", "hi", STAGE_LOCKED="1", **ring, **NOWHERE)
    assert locked.code == 1
    assert "the key of openai is in the keyring: the keyring of this machine" in locked.err
    assert "sk-never-shown" not in locked.err
    assert shell.run("keys", "set", "openai", "--file", given=KEY, **ring).code == 0
    assert json.loads(rings.read_text()) == {}
    assert _file(shell).read_text() == f'[keys]\nopenai = "{KEY}"\n'
    assert shell.run("keys", "set", "openai", given=KEY, **ring).code == 0
    assert KEY not in _file(shell).read_text()
    assert shell.run("keys", "remove", "openai", **ring).code == 0
    assert json.loads(rings.read_text()) == {}
    assert _listed(shell, **ring) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "code"), [(f"\ufeff{KEY}\r\n".encode(), 0), (b"\xff\x00key", 3)], ids=["bom", "bytes"]
)
def test_a_key_is_read_from_whatever_is_piped_in(shell: Shell, given: bytes, code: int) -> None:
    """What editors put round a key is left out; what is no text is no key."""
    done = shell.run("keys", "set", "openai", given=given)
    assert done.code == code
    assert "Traceback" not in done.err
    assert "fault of the program" not in done.err
    assert _file(shell).exists() == (code == 0)


def test_no_more_than_the_end_of_a_long_key_is_shown() -> None:
    """Four characters of a long key, none of a short one."""
    assert masked(Secret(KEY)) == "…WXYZ"
    assert masked(Secret("0123456789abcde")) == "…"


def test_a_key_in_a_keyring_needs_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra keys go to the file, and one that is in a keyring says what to install."""
    monkeypatch.setenv("HEADWATER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert not has_keyring()
    store = KeyStore()
    assert store.put("openai", Secret(KEY), is_for_file=False) is Place.FILE
    (tmp_path / "keys.toml").write_text("[keyring]\nxai = true\n")
    with pytest.raises(ConfigurationError, match=r'pip install "headwater-cli\[keyring\]"'):
        KeyStore().get("xai")


def test_a_link_to_the_file_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who keeps the file elsewhere finds it there, changed."""
    real = tmp_path / "elsewhere.toml"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "keys.toml").symlink_to(real)
    monkeypatch.setenv("HEADWATER_CONFIG_DIR", str(tmp_path / "config"))
    KeyStore().put("openai", Secret(KEY), is_for_file=True)
    assert (tmp_path / "config" / "keys.toml").is_symlink()
    assert KEY in real.read_text()
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="there is no lock elsewhere")
def test_keys_that_are_set_at_once_are_all_kept(shell: Shell) -> None:
    """Several processes change the file one after the other, and lose nothing of each other."""
    names = ["openai", "anthropic", "google", "mistral"]
    running = []
    for name in names:
        given = shell.folder / name
        given.write_text(f"key-of-{name}")
        with given.open() as file:
            running.append(
                subprocess.Popen(
                    [*COMMAND, "keys", "set", name, "--file"],
                    stdin=file,
                    stdout=subprocess.DEVNULL,
                    cwd=shell.folder,
                    env=shell.environment(),
                )
            )
    assert [process.wait(TIMEOUT_S) for process in running] == [0] * len(names)
    kept = tomllib.loads(_file(shell).read_text())["keys"]
    assert kept == {name: f"key-of-{name}" for name in names}
    assert [path.name for path in _file(shell).parent.iterdir()] == ["keys.toml"]
