"""Tests of `headwater config` and `headwater aliases`: what is kept, and what wins over what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headwater_cli._options import OPTION_NAMES
from headwater_cli._settings import Settings, as_stored, as_typed

from .inside import Inside
from .shell import Shell

ECHO = ("-o", "extra.delay_s", "0")


def _file(shell: Shell | Inside) -> Path:
    return shell.folder / "config" / "config.toml"


def _write(shell: Shell | Inside, text: str) -> None:
    _file(shell).parent.mkdir(exist_ok=True)
    _file(shell).write_text(text)


def test_a_setting_is_kept_and_taken_away(inside: Inside) -> None:
    """Set, read, listed, taken away; the file keeps the comments of its owner."""
    _write(inside, '# mine\nsystem = "Be kind."  # always\n')
    assert inside.run("config", "set", "model", "demo/echo").code == 0
    assert inside.run("config", "set", "options.max-output-tokens", "100").code == 0
    assert _file(inside).read_text() == (
        '# mine\nsystem = "Be kind."  # always\nmodel = "demo/echo"\n\n'
        "[options]\nmax_output_tokens = 100\n"
    )
    assert json.loads(inside.run("config", "list", "--json").out) == {
        "system": "Be kind.",
        "model": "demo/echo",
        "options.max_output_tokens": "100",
    }
    assert "options.max_output_tokens  100" in inside.run("config", "list").out
    assert inside.run("config", "get", "model").out == "demo/echo\n"
    for name in ("model", "options.max_output_tokens"):
        assert inside.run("config", "unset", name).code == 0
    assert _file(inside).read_text().strip() == '# mine\nsystem = "Be kind."  # always'
    unset = inside.run("config", "get", "model")
    assert (unset.code, unset.out, unset.err) == (1, "", "model is not set.\n")
    assert inside.run("config", "path").out == f"{_file(inside)}\n"


@pytest.mark.slow
def test_argument_environment_config_default_is_the_order(shell: Shell) -> None:
    """-m wins over HEADWATER_MODEL, that over what is set, that over the demo."""
    asked = ("chat", *ECHO, "hi")
    assert "this is demo/eliza" in shell.run("chat", "hi").err
    _write(shell, 'model = "stage/slow"')
    assert shell.run("chat", "hi").out == "one two three\n"
    assert shell.run(*asked, HEADWATER_MODEL="demo/echo").out == "hi\n"
    empty = shell.run("chat", "-m", "", "hi")
    assert (empty.code, empty.out) == (2, "")
    named = shell.run("chat", "-m", "stage/newlines", "hi", HEADWATER_MODEL="demo/echo")
    assert named.out == "\na\n\nb\n"


def test_a_call_wins_over_what_is_set(inside: Inside) -> None:
    """The system prompt and the options of a call stand in place of the ones that are set."""
    _write(inside, 'system = "S"\n[options]\n"extra.a" = 1\n"extra.b" = "x"\n')
    shown = inside.run("chat", "-m", "stage/request", "hi").out
    assert "{'a': 1, 'b': 'x', 'system': 'S'}" in shown
    given = inside.run("chat", "-m", "stage/request", "-s", "T", "-o", "extra.b", "y", "hi").out
    assert "{'a': 1, 'b': 'y', 'system': 'T'}" in given


def test_an_alias_stands_for_a_model(inside: Inside) -> None:
    """Wherever a model is named an alias may stand, in the environment and the settings too."""
    assert inside.run("aliases", "set", "fast", "demo/echo").code == 0
    assert inside.run("chat", "-m", "fast", *ECHO, "hi").out == "hi\n"
    assert inside.run("chat", *ECHO, "hi", HEADWATER_MODEL="fast").out == "hi\n"
    assert inside.run("config", "set", "model", "fast").code == 0
    assert inside.run("chat", *ECHO, "hi").out == "hi\n"
    assert inside.run("aliases", "list").out.split() == ["ALIAS", "MODEL", "fast", "demo/echo"]
    assert json.loads(inside.run("aliases", "list", "--json").out) == {"fast": "demo/echo"}
    assert inside.run("aliases", "remove", "fast").code == 0
    assert "There is no alias" in inside.run("aliases", "list").err
    gone = inside.run("chat", *ECHO, "hi")
    assert (gone.code, gone.out) == (2, "")
    assert "got 'fast'" in gone.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["config", "set", "modle", "demo/echo"], "there are model, system, plain, options.KEY."),
        (["config", "set", "modle", "demo/echo"], "Did you mean model?"),
        (["config", "set", "seed", "1"], "Did you mean options.seed?"),
        (["config", "get", "options"], "options: no such setting"),
        (["config", "set", "model", "eliza"], 'of the form "provider/model"'),
        (["config", "set", "system", " "], "`headwater config unset` takes it away"),
        (["config", "set", "plain", "maybe"], "plain: "),
        (["config", "set", "options.sede", "1"], "Did you mean seed?"),
        (["config", "set", "options.seed", "x"], "options.seed: seed: expected a whole number"),
        (["config", "set", "options.temperature", "9"], "a number from 0 to 2, got 9.0"),
        (["config", "set", "options.system", "x"], "a setting of its own, system"),
        (["config", "unset", "model"], "model is not set"),
        (["aliases", "set", "a/b", "demo/echo"], "an alias without /, : and blanks, got 'a/b'"),
        (["aliases", "set", "a", "echo"], "the alias a: expected a model id"),
        (["aliases", "remove", "a"], "no alias is called a; there are: none"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_is_refused(inside: Inside, arguments: list[str], said: str) -> None:
    """Each mistake is told with what would be right, and nothing is kept."""
    done = inside.run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not _file(inside).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("model = ", "is no TOML: Invalid value"),
        ("modle = 'x'", "modle: no such setting; there are model"),
        ("options = 3", "expected options to be a table, got 3"),
        ("[options]\nseed = 'x'", "options.seed: seed: expected a whole number"),
        ("[aliases]\nx = 'y'", "the alias x: expected a model id"),
    ],
    ids=["toml", "name", "table", "option", "alias"],
)
def test_a_file_that_holds_no_settings_is_refused(inside: Inside, content: str, said: str) -> None:
    """A file that was mended by hand is read as strictly, by all who read it, and left as it is."""
    _write(inside, content)
    for arguments in (["chat", "hi"], ["config", "list"], ["config", "set", "plain", "yes"]):
        done = inside.run(*arguments)
        assert (done.code, done.out) == (1, "")
        assert said in done.err
        assert str(_file(inside)) in done.err
    assert _file(inside).read_text() == content


@pytest.mark.slow
def test_names_are_completed(shell: Shell) -> None:
    """Settings, options and aliases complete, the latter wherever a model does."""
    _write(shell, "[aliases]\nstar = 'demo/echo'")

    def completed(words: str) -> list[str]:
        place = str(len(words.split()) - 1)
        done = shell.run(_HEADWATER_COMPLETE="zsh_complete", COMP_WORDS=words, COMP_CWORD=place)
        return done.out.splitlines()[1::3]

    assert completed("headwater config set options.te") == ["options.temperature"]
    assert completed("headwater aliases remove st") == ["star"]
    assert completed("headwater chat -m sta") == ["star", "stage/", "stage-models/", "stage-whole/"]
    _write(shell, "broken")
    assert completed("headwater chat -m sta") == ["stage/", "stage-models/", "stage-whole/"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("options.seed", "7"),
        ("options.temperature", "0.2"),
        ("options.total_s", "inf"),
        ("options.cache", "true"),
        ("options.cache", "5m"),
        ("options.stop", '["a", "\\n"]'),
        ("options.stop", '"\\n"'),
        ("options.response_format", '{"type": "object"}'),
        ("options.extra.a.b", '"1"'),
        ("options.extra.a", "1"),
        ("options.extra", '{"a": 1}'),
        ("plain", "yes"),
    ],
)
def test_a_value_means_the_same_once_it_was_kept(name: str, text: str) -> None:
    """What is read back from the file reads like what was typed."""
    stored = as_stored(name, text)
    assert as_stored(name, as_typed(stored)) == stored


def test_every_option_but_system_can_be_set() -> None:
    """The settings know each option of a call by its name."""
    texts = {"response_format": "json", "reasoning": "low", "extra": "{}", "raw": "true"}
    for name in OPTION_NAMES:
        if name != "system":
            as_stored(f"options.{name}", texts.get(name, "1"))


def test_options_are_replaced_by_their_name() -> None:
    """A given option replaces the one of its name, and `extra` all that stand in it."""
    settings = Settings(options=(("max_output_tokens", "1"), ("extra.a", "1"), ("extra.b", "2")))
    assert settings.with_options([("max-output-tokens", "5"), ("extra.a", "9")]) == [
        ("extra.b", "2"),
        ("max-output-tokens", "5"),
        ("extra.a", "9"),
    ]
    assert settings.with_options([("extra", "{}")]) == [("max_output_tokens", "1"), ("extra", "{}")]
