"""What the commands do."""

from __future__ import annotations

import textwrap
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from headwater import InvalidRequest, Message, Role, StorageError, Text
from headwater.session import Session, Turn

from .._attach import read_attachment
from .._show import cost_text, counts_text
from .._terminal import as_line, shown
from ._commands import COMMANDS, Given
from ._live import window_size
from ._talk import Talk

__all__ = ["Leave", "carry_out"]

Action: TypeAlias = Callable[[Talk, str], Awaitable[None]]

_NOTHING: Final = "-"
_LINE_CHARS: Final = 60
_USAGE_CHARS: Final = 24  # the longest usage, and a gap


class Leave(Exception):
    """Say that the conversation is to end."""


async def carry_out(given: Given, talk: Talk) -> None:
    """Do what a command says.

    Raises:
        HeadwaterError: It cannot be done.
        Leave: It is the end.
    """
    await _ACTIONS[given.command.name](talk, given.argument)


async def _help(talk: Talk, _argument: str) -> None:
    columns, _ = window_size(talk.display.ui)
    for command in COMMANDS.values():
        usage = f"/{command.name} {command.usage}".rstrip()
        lines = textwrap.wrap(command.summary, max(20, columns - _USAGE_CHARS - 1))
        heads = [usage, *[""] * (len(lines) - 1)]
        rows = (f"{head:<{_USAGE_CHARS}}{line}" for head, line in zip(heads, lines, strict=True))
        talk.display.say("\n".join(rows))
    talk.display.note(
        "Alt-Enter begins a new line, Ctrl-R searches earlier prompts, Tab completes;\n"
        "Ctrl-C stops an answer, Ctrl-D leaves."
    )


async def _model(talk: Talk, argument: str) -> None:
    if argument:
        talk.session.switch_model(talk.as_model(argument))
    talk.display.note(await talk.about_model())


async def _system(talk: Talk, argument: str) -> None:
    if argument:
        talk.session.system = None if argument == _NOTHING else argument
    system = talk.session.system
    talk.display.note("No system prompt is set." if system is None else f"System: {shown(system)}")


async def _usage(talk: Talk, _argument: str) -> None:
    session = talk.session
    cost = await talk.cost()
    facts = [
        f"{talk.answers()} in the conversation",
        f"{counts_text(session.usage)} in all",
        "cost unknown" if cost is None else cost_text(cost),
    ]
    if session.id is not None:
        facts.append(f"kept as {session.id}")
    talk.display.note(" | ".join(facts))


async def _history(talk: Talk, argument: str) -> None:
    turns = talk.session.turns
    if argument:
        if not argument.isdecimal():
            raise InvalidRequest(f"expected how many turns to show, got {as_line(argument)!r}")
        turns = turns[len(turns) - int(argument) :] if int(argument) < len(turns) else turns
    if not turns:
        talk.display.note("Nothing has been said yet.")
    for turn in turns:
        _show_turn(talk, turn)


def _show_turn(talk: Talk, turn: Turn) -> None:
    for message in turn.messages:
        who = "You" if message.role is Role.USER else str(turn.model or message.role)
        cut = " (interrupted)" if turn.is_interrupted and message.role is Role.ASSISTANT else ""
        talk.display.note(f"{as_line(who)}{cut}:")
        talk.display.say(f"{_text_of(message)}\n")


def _text_of(message: Message) -> str:
    """Give a message as text, with a mark for each part that is none."""
    pieces = [
        part.text if isinstance(part, Text) else f"[{type(part).__name__.lower()}]"
        for part in message.parts
    ]
    return shown("\n".join(pieces)).strip("\n")


async def _undo(talk: Talk, _argument: str) -> None:
    taken = talk.session.undo()
    talk.forget_prompt()
    if not taken:
        talk.display.note("Nothing has been said yet.")
        return
    text = as_line(_text_of(taken[0]))
    short = text if len(text) <= _LINE_CHARS else f"{text[:_LINE_CHARS]}..."
    talk.display.note(f"Taken back: {short}")


async def _retry(talk: Talk, _argument: str) -> None:
    await talk.retry()


async def _edit(talk: Talk, _argument: str) -> None:
    texts = [part.text for part in talk.last_prompt() if isinstance(part, Text)]
    if not texts:
        raise InvalidRequest("nothing has been said yet that could be edited")
    talk.draft = texts[-1]
    talk.is_editing = True


async def _save(talk: Talk, argument: str) -> None:
    path = _path(argument, "/save FILE")
    if path.exists() and path.stat().st_size:
        _check_is_session(talk, path)
    talk.session.save(path)
    talk.display.note(f"Saved to {as_line(str(path))}; /load goes on with it.")


def _check_is_session(talk: Talk, path: Path) -> None:
    """Refuse to write over what is no conversation."""
    try:
        Session.load(talk.runner, path)
    except StorageError:
        raise InvalidRequest(
            f"{as_line(str(path))} exists, and is no saved conversation: choose another name"
        ) from None


async def _load(talk: Talk, argument: str) -> None:
    talk.session = Session.load(
        talk.runner,
        _path(argument, "/load FILE"),
        store=talk.store,
        max_context_tokens=talk.max_context_tokens,
    )
    talk.forget_prompt()
    talk.display.note(await talk.banner())


def _place(argument: str) -> str:
    return argument if "://" in argument else str(Path(argument).expanduser())


def _path(argument: str, usage: str) -> Path:
    if not argument:
        raise InvalidRequest(f"which file? {usage}")
    return Path(argument).expanduser()


async def _clear(talk: Talk, _argument: str) -> None:
    talk.session.clear()
    talk.forget_prompt()
    talk.display.note("The conversation begins anew; /usage still counts what it used.")


async def _attach(talk: Talk, argument: str) -> None:
    if argument == _NOTHING:
        talk.attachments.clear()
    elif argument:
        talk.attachments.append(read_attachment(_place(argument)))
    count = len(talk.attachments)
    what = "Nothing goes" if not count else "1 file goes" if count == 1 else f"{count} files go"
    talk.display.note(f"{what} out with the next prompt.")


async def _compare(talk: Talk, argument: str) -> None:
    """Ask other models what was asked last; the conversation stays as it is."""
    from .._compare import race  # only here: it brings tables
    from .._contender import Contender

    models = [talk.as_model(name) for name in argument.split()]
    if not models:
        raise InvalidRequest("which models? /compare MODEL...")
    if len(models) == 1 and talk.session.model not in models:
        models.insert(0, talk.session.model)
    messages = talk.last_request()
    system = talk.session.system
    options = talk.options if system is None else {**talk.options, "system": system}
    contenders = [
        Contender(str(model), talk.runner.stream_chat(model, messages, **options))
        for model in models
    ]
    with talk.source.quiet():
        await race(contenders, is_plain=not talk.display.is_styled)
    for one in contenders:
        if one.error is not None:
            talk.display.fail(one.error)


async def _multi(talk: Talk, _argument: str) -> None:
    talk.is_block = True


async def _reasoning(talk: Talk, argument: str) -> None:
    if argument in ("open", "fold"):
        talk.is_reasoning_open = argument == "open"
        how = "stays open" if talk.is_reasoning_open else "is folded"
        talk.display.note(f"Reasoning {how} from now on.")
        return
    if argument:
        raise InvalidRequest(f"expected open or fold, got {as_line(argument)!r}")
    response = None if talk.last is None else talk.last.response
    reasoning = "" if response is None else response.reasoning.strip()
    talk.display.note(shown(reasoning) if reasoning else "The last answer came without reasoning.")


async def _exit(_talk: Talk, _argument: str) -> None:
    raise Leave


_ACTIONS: Final[Mapping[str, Action]] = {
    "help": _help,
    "model": _model,
    "system": _system,
    "usage": _usage,
    "history": _history,
    "undo": _undo,
    "retry": _retry,
    "edit": _edit,
    "save": _save,
    "load": _load,
    "clear": _clear,
    "attach": _attach,
    "compare": _compare,
    "multi": _multi,
    "reasoning": _reasoning,
    "exit": _exit,
}
