"""Tests of reading the commands of a conversation, and of what is kept for them."""

from __future__ import annotations

import stat
from decimal import Decimal
from pathlib import Path

import pytest

from headwater_cli._interactive._actions import _ACTIONS
from headwater_cli._interactive._commands import COMMANDS, UnknownCommand, read_command
from headwater_cli._interactive._history import PromptHistory
from headwater_cli._show import cost_text

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "chat-in-the-terminal.md"


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/help", "help", ""),
        ("/Help  ", "help", ""),
        ("/model openai/gpt-5-mini", "model", "openai/gpt-5-mini"),
        ("/system  be kind\nand brief ", "system", "be kind\nand brief"),
    ],
    ids=["plain", "capital", "argument", "lines"],
)
def test_a_command_is_read(text: str, name: str, argument: str) -> None:
    """A word after a slash, and what follows it."""
    given = read_command(text)
    assert given is not None
    assert (given.command.name, given.argument) == (name, argument)


@pytest.mark.parametrize("text", ["hello", " /help", "/etc/hosts is a file", "/", "//help", "/2"])
def test_anything_else_is_said_to_the_model(text: str) -> None:
    """A path is no command, and a blank before the slash makes it text."""
    assert read_command(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/hlep", "Did you mean /help?"),
        ("/qqq", "There is no command /qqq. /help lists them"),
        ("/undo it", "/undo takes nothing after it."),
    ],
    ids=["near", "far", "argument"],
)
def test_what_is_no_command_is_said(text: str, said: str) -> None:
    """With what may be meant."""
    with pytest.raises(UnknownCommand) as caught:
        read_command(text)
    assert said in str(caught.value)


def test_each_command_does_something() -> None:
    """Commands and what they do belong together."""
    assert list(_ACTIONS) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_documented(name: str) -> None:
    """The page on it has a row for each."""
    rows = [row for row in PAGE.read_text(encoding="utf-8").splitlines() if row.startswith("| `/")]
    assert any(f"`/{name}" in row.split(" | ")[0] for row in rows)


@pytest.mark.parametrize(
    ("cost", "text"),
    [("0.000021", "$0.000021"), ("0.12346", "$0.1235"), ("12.3", "$12.30"), ("0", "$0.00")],
)
def test_a_cost_has_as_many_digits_as_it_is_worth(cost: str, text: str) -> None:
    """Two digits of a tiny amount, cents of a large one."""
    assert cost_text(Decimal(cost)) == text


def test_prompts_are_kept_for_their_owner(tmp_path: Path) -> None:
    """The file is made for nobody else, and a wider one is narrowed."""
    path = tmp_path / "new" / "prompts"
    PromptHistory(path).store_string("one\ntwo")
    path.chmod(0o644)
    assert list(PromptHistory(path).load_history_strings()) == ["one\ntwo"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_old_prompts_are_forgotten(tmp_path: Path) -> None:
    """The file does not grow for ever, and begins with a whole prompt."""
    path = tmp_path / "prompts"
    history = PromptHistory(path)
    for number in range(1200):
        history.store_string(f"{number} {'x' * 1000}")
    kept = list(PromptHistory(path).load_history_strings())
    assert path.stat().st_size < 700_000
    assert kept[0].startswith("1199 ")
    assert all(len(prompt.split()) == 2 for prompt in kept)


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    """The prompts of this conversation are all there is then."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    history = PromptHistory(tmp_path / "file" / "prompts")
    history.store_string("one")
    assert list(history.load_history_strings()) == []
