"""The loop of a conversation: a prompt is read, and said to the model or carried out."""

from __future__ import annotations

from headwater import HeadwaterError

from .._errors import ExitCode, exit_code
from .._run import until_interrupted
from ._actions import Leave, carry_out
from ._classic import EMPTY
from ._commands import UnknownCommand, read_command
from ._talk import Talk

__all__ = ["converse"]


async def converse(talk: Talk) -> ExitCode:
    """Hold a conversation to its end, and tell how it ended.

    Without anybody at the keyboard, the last turn that failed says so.
    """
    was_interrupted = False
    code = ExitCode.OK
    while True:
        draft, talk.draft = talk.draft, ""
        until_end, talk.is_block = talk.is_block or talk.manner.is_classic, False
        try:
            text = await talk.source.read(draft, until_end=until_end)
        except EOFError:
            return code
        except KeyboardInterrupt:
            if was_interrupted:
                return ExitCode.INTERRUPTED
            was_interrupted, talk.is_editing = True, False
            talk.display.note("Ctrl-C again leaves, and so does Ctrl-D; /help shows what else.")
            continue
        was_interrupted = False
        try:
            await until_interrupted(_handle(text, talk))
        except Leave:
            return code
        if talk.last is not None and talk.last.error is not None and not talk.manner.has_commands:
            code = exit_code(talk.last.error)


async def _handle(text: str, talk: Talk) -> bool:
    """Do what was typed; whatever goes wrong is shown, and the conversation goes on."""
    try:
        given = read_command(text) if talk.manner.has_commands else None
        if given is not None:
            await carry_out(given, talk)
        elif text.strip():
            await talk.say(text)
        elif talk.manner.is_classic:
            talk.display.answer(EMPTY)
    except UnknownCommand as error:
        talk.display.note(str(error))
    except HeadwaterError as error:
        talk.display.fail(error)
    return True
