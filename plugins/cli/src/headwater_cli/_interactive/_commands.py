"""What stands after a slash: the commands, and how they are read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from enum import StrEnum, auto
from typing import Final

import attrs

__all__ = ["COMMANDS", "Command", "Given", "Takes", "UnknownCommand", "read_command"]

_FORM: Final = re.compile(r"/(?P<name>[A-Za-z]+)(?:\s+(?P<argument>.*))?", re.DOTALL)


class Takes(StrEnum):
    """What may follow a command."""

    NOTHING = auto()
    TEXT = auto()
    MODEL = auto()
    PATH = auto()


@attrs.frozen
class Command:
    """Describe a command.

    Attributes:
        name: What follows the slash.
        summary: What it does.
        takes: What may follow it.
        usage: How to write that.
    """

    name: str
    summary: str
    takes: Takes = Takes.NOTHING
    usage: str = ""


@attrs.frozen
class Given:
    """Hold a command as it was given."""

    command: Command
    argument: str


class UnknownCommand(Exception):
    """Say that there is no such command, and which one may be meant."""


_ALL: Final = (
    Command("help", "Show what can be done here."),
    Command("model", "Show the model, or let another one answer.", Takes.MODEL, "[MODEL]"),
    Command(
        "system",
        "Show how the model should behave, or say it; - takes it back.",
        Takes.TEXT,
        "[TEXT]",
    ),
    Command("usage", "Show what the conversation has used."),
    Command("history", "Show the conversation, or its last N turns.", Takes.TEXT, "[N]"),
    Command("undo", "Take the last prompt and its answer back."),
    Command("retry", "Ask the last prompt again."),
    Command("edit", "Change the last prompt, and ask again."),
    Command("save", "Write the conversation to a file.", Takes.PATH, "FILE"),
    Command("load", "Go on with a conversation from a file.", Takes.PATH, "FILE"),
    Command("clear", "Forget what was said; the counters stay."),
    Command(
        "attach", "Send a file along with the next prompt; - sends none.", Takes.PATH, "[FILE|URL]"
    ),
    Command("compare", "Ask other models the last prompt, side by side.", Takes.MODEL, "MODEL..."),
    Command("multi", r"Write a prompt of several lines, ended by a line \end."),
    Command(
        "reasoning",
        "Show what the model thought; open or fold it from now on.",
        Takes.TEXT,
        "[open|fold]",
    ),
    Command("exit", "Leave."),
)

COMMANDS: Final[Mapping[str, Command]] = {command.name: command for command in _ALL}


def read_command(text: str) -> Given | None:
    """Read what was typed; None: it is no command, but something to say.

    Shapes:
        "/model openai/gpt-5-mini" -> the command `model` with its argument
        " /model", "/etc/hosts"    -> None: said to the model

    Raises:
        UnknownCommand: There is none of that name, or it takes nothing.
    """
    form = _FORM.fullmatch(text.rstrip())
    if form is None:
        return None
    name, argument = form["name"].lower(), (form["argument"] or "").strip()
    command = COMMANDS.get(name)
    if command is None:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        guess = f"Did you mean /{near[0]}? " if near else ""
        raise UnknownCommand(
            f"There is no command /{name}. {guess}"
            "/help lists them; a blank before the slash says it to the model."
        )
    if argument and command.takes is Takes.NOTHING:
        raise UnknownCommand(f"/{name} takes nothing after it.")
    return Given(command, argument)
