"""Tests of `headwater compare`: several answers, side by side or one after the other."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import AsyncGenerator

import pyte
import pytest

from headwater import (
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    Runner,
    ServerError,
    TextDelta,
    Usage,
    hookimpl,
)
from headwater_cli._contender import SUMMARY_HEADS, Contender

from ..patience import Pulse
from .inside import Inside
from .shell import TIMEOUT_S, Shell, Terminal

ECHO = ("-o", "extra.delay_s", "0")
TWO = ("compare", "-m", "demo/eliza", "-m", "demo/echo", *ECHO)


def _cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


def _screen(terminal: Terminal, lines: int = 100) -> list[str]:
    """Give what stands on the terminal, scrolled lines included."""
    screen = pyte.Screen(80, lines)
    pyte.Stream(screen).feed(terminal.shown.replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display]


def test_sections_follow_one_another_on_a_pipe(inside: Inside) -> None:
    """Each answer stands under its model's name, in the order asked for; a table ends it."""
    done = inside.run(*TWO, "I feel tired.")
    assert (done.code, done.err) == (0, "")
    sections = done.out.split("\n\n")
    assert sections[0] == "== demo/eliza ==\nTell me more about feeling tired."
    assert sections[1] == "== demo/echo ==\nI feel tired."
    heads, *rows = [_cells(line) for line in sections[2].splitlines()]
    assert tuple(heads) == SUMMARY_HEADS
    assert [(row[0], row[1], row[5], row[6], row[7]) for row in rows] == [
        ("demo/eliza", "stop", "3", "6", "?"),
        ("demo/echo", "stop", "3", "3", "?"),
    ]


@pytest.mark.slow
def test_one_that_fails_leaves_the_others_running(inside: Inside) -> None:
    """What came of it stays, the table names its error, standard error says more, the code is 1."""
    done = inside.run(
        *("compare", "-m", "demo/fault-cut-after-3", "-m", "stage/slow", "-m", "demo/nobody"),
        "one two three four five",
    )
    assert done.code == 1
    assert "== demo/fault-cut-after-3 ==\none two three\n[StreamInterrupted]\n" in done.out
    assert "== stage/slow ==\none two three\n\n" in done.out
    assert "== demo/nobody ==\n[ModelNotFound]\n" in done.out
    rows = {row[0]: row for row in map(_cells, done.out.splitlines()[-3:])}
    assert rows["demo/nobody"][1:] == ["ModelNotFound", "?", *rows["demo/nobody"][3:4], *"????"]
    assert "demo/nobody: Error: the demo has no model 'nobody'" in done.err
    assert "demo/fault-cut-after-3: Error: " in done.err
    assert "stage/slow" not in done.err


@pytest.mark.slow
def test_they_are_asked_all_at_once(inside: Inside) -> None:
    """The whole takes about as long as the slowest, not as all together."""
    count, each_s = 6, 0.75
    with Pulse() as pulse:
        done = inside.run("compare", *("-m", "stage/slow") * count, "--json", "go")
        took_s = pulse()
    assert len(json.loads(done.out)["answers"]) == count
    assert took_s < count * each_s / 2


def test_json_holds_answers_costs_and_errors(inside: Inside) -> None:
    """A program gets each answer as `chat --json` gives it, with its cost and error beside it."""
    done = inside.run("compare", "-m", "demo/echo", "-m", "stage/fail-ServerError", "--json", "hi")
    assert done.code == 1
    good, bad = json.loads(done.out)["answers"]
    assert good["model"] == "demo/echo"
    assert good["response"]["text"] == "hi"
    assert good["response"]["finish_reason"] == "stop"
    assert (good["cost"], good["error"]) == (None, None)
    assert bad["error"]["class"] == "ServerError"
    assert bad["response"]["finish_reason"] is None


def test_aliases_options_and_settings_go_to_all(inside: Inside) -> None:
    """What `chat` takes each of the models gets."""
    inside.run("aliases", "set", "mirror", "stage/request")
    inside.run("config", "set", "options.extra.a", "1")
    asked = ("compare", "-m", "mirror", "-m", "stage/request", "-s", "Be kind.")
    done = inside.run(*asked, "-o", "extra.b", "2", "hi", given="more")
    assert done.out.count("{'a': 1, 'b': 2, 'system': 'Be kind.'}") == 2
    assert done.out.count("hi\\n\\nmore") == 2


class Priced:
    """Answer as a model of known price, or fail before saying anything."""

    @hookimpl
    async def stream_chat(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Answer."""
        if request.model.name == "gpt-4o-mini":
            raise ServerError("no")
        yield TextDelta("Hi")
        yield Finished(FinishReason.STOP, "stop", Usage(1000, 1000))


@pytest.mark.parametrize(
    ("model", "row"),
    [
        ("openai/gpt-4o", ["stop", "1000", "1000", "$0.0125"]),
        ("openai/gpt-4o-mini", ["ServerError", "?", "?", "?"]),
        ("demo/of-no-price", ["stop", "1000", "1000", "?"]),
    ],
    ids=["known", "failed", "unknown"],
)
async def test_what_is_known_of_a_price_is_told(model: str, row: list[str]) -> None:
    """A model of known price costs; of one that failed before it began nothing is made up."""
    provider = Priced()
    async with Runner(providers={"openai": provider, "demo": provider}) as runner:
        contender = Contender(model, runner.stream_chat(model, "hi", attempts=1))
        await contender.run()
    contender.look_up_cost()
    _, ended, _, _, _, *counts = contender.summary()
    assert [ended, *counts] == row


@pytest.mark.slow
def test_answers_grow_side_by_side_on_a_terminal(shell: Shell) -> None:
    """While one is silent the other is read; at the end both stand there whole, then the table."""
    asked = ("compare", "-m", "stage/slow", "-m", "demo/echo", *ECHO)
    gate = shell.folder / "gate"
    with shell.terminal(*asked, "a b c", variables={"STAGE_GATE": str(gate)}) as terminal:
        terminal.wait_for("one two")
        terminal.wait_for("a b c")
        assert terminal.is_running
        gate.touch()
        assert terminal.wait() == 0
    lines = _screen(terminal)
    (answers,) = [line for line in lines if "one two three" in line]
    assert "a b c" in answers
    assert lines.index(answers) < next(i for i, line in enumerate(lines) if "TOKENS/S" in line)
    assert "\x1b[?25h" in terminal.shown[terminal.shown.rindex("\x1b[?25l") :]
    assert not [line for line in lines if "writing" in line or "waiting" in line]


@pytest.mark.slow
def test_ctrl_c_ends_all_and_keeps_what_came(shell: Shell) -> None:
    """The connections are closed, what came is written, the exit code is 130."""
    note = shell.folder / "note"
    asked = ("compare", "-m", "stage/slow", "-m", "stage/endless", "-m", "stage/silent", "go")
    with shell.terminal(*asked, variables={"STAGE_NOTE": str(note)}) as terminal:
        terminal.wait_for("one two three")
        terminal.press("\x03")
        assert terminal.wait() == 130
    assert note.read_text() == "closed"
    lines = _screen(terminal, 3000)
    assert any("one two three" in line and "and so on" in line for line in lines)
    table = {row[0]: row[1] for row in map(_cells, lines) if len(row) == len(SUMMARY_HEADS)}
    assert table["stage/endless"] == table["stage/silent"] == "interrupted"
    assert "Traceback" not in terminal.shown


@pytest.mark.slow
def test_interrupted_on_a_pipe_what_came_is_written(shell: Shell) -> None:
    """The sections of those that were under way say so."""
    asked = ("compare", "-m", "demo/echo", "-m", "stage/silent", *ECHO, "hi")
    process = shell.start(*asked)
    assert process.stdout is not None
    assert process.stdout.readline() == b"== demo/echo ==\n"
    assert process.stdout.readline() == b"hi\n"
    process.send_signal(signal.SIGINT)
    out = process.stdout.read()
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert b"\n== stage/silent ==\n[interrupted]\n\nMODEL" in out
    assert b"Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "models", "manner"),
    [
        ({"NO_COLOR": "1"}, 2, ()),
        ({"TERM": "dumb"}, 2, ()),
        ({}, 4, ()),
        ({}, 2, ("--plain",)),
        ({"HEADWATER_CONFIG_DIR": "plain"}, 2, ()),
    ],
    ids=["no-color", "dumb", "narrow", "plain", "set"],
)
def test_where_columns_do_not_do_they_follow_one_another(
    shell: Shell, variables: dict[str, str], models: int, manner: tuple[str, ...]
) -> None:
    """Without colour, and with too many for the width, the sections come, safe to show."""
    (shell.folder / "plain").mkdir()
    (shell.folder / "plain" / "config.toml").write_text("plain = true")
    asked = ("compare", *manner, *("-m", "stage/hostile") * models, "hi")
    with shell.terminal(*asked, variables=variables) as terminal:
        assert terminal.wait() == 0
    assert terminal.shown.count("== stage/hostile ==\nsafe\\x1b[2J") == models
    assert "\x1b[2J" not in terminal.shown


@pytest.mark.slow
def test_hostile_text_cannot_steer_the_columns(shell: Shell) -> None:
    """Text of a provider is escaped beside others as it is alone."""
    with shell.terminal("compare", "-m", "stage/hostile", "-m", "stage/hostile", "x") as terminal:
        assert terminal.wait() == 0
    assert "\x1b[2J" not in terminal.shown
    assert "\x1b]0;" not in terminal.shown
    assert "\x9b" not in terminal.shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "demo/echo", "hi"], "give two models or more"),
        (["hi"], "give two models or more"),
        ([*TWO[1:5]], "the prompt is empty"),
        (["-m", "demo/echo", "-m", "eliza", "hi"], 'of the form "provider/model"'),
        ([*TWO[1:5], "-o", "temprature", "1", "hi"], "Did you mean temperature?"),
        ([*TWO[1:5], "-a", "nowhere.png", "hi"], "cannot read nowhere.png"),
    ],
    ids=["one", "none", "no-prompt", "model", "option", "attachment"],
)
def test_wrong_input_is_refused(inside: Inside, arguments: list[str], said: str) -> None:
    """Nobody is asked, and one message says what would be right."""
    done = inside.run("compare", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.slow
def test_a_terminal_without_a_prompt_is_told_to_give_one(shell: Shell) -> None:
    """There is no waiting for input that nobody knows of."""
    with shell.terminal(*TWO) as terminal:
        assert terminal.wait() == 2
    assert "give a prompt" in terminal.shown
