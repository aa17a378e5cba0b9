"""Prompts that are typed on a terminal, with all that prompt_toolkit gives for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import create_output
from prompt_toolkit.output.vt100 import Vt100_Output

from ._source import END

__all__ = ["TerminalSource"]

_MESSAGE: Final = "\n> "
_BLOCK_MESSAGE: Final = f"\n[end with a line {END}]\n> "
_CONTINUATION: Final = "  "


class TerminalSource:
    r"""Read prompts from the keyboard.

    Enter ends a prompt, Alt-Enter and a pasted block begin new lines in it; of a prompt that goes
    on until `\end` that line is the end.

    Args:
        stream: The terminal to show it on.
        history: The prompts of earlier conversations.
        completer: Completes commands.
        message: What asks for a prompt; without it a mark.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        history: History,
        completer: Completer | None = None,
        message: str | None = None,
    ) -> None:
        self._message = message
        self._until_end = False
        output = create_output(stdout=stream)
        if isinstance(output, Vt100_Output):
            output.enable_cpr = False  # an answer that comes late would be taken for typing
        self._session: PromptSession[str] = PromptSession(
            history=history,
            completer=completer,
            complete_while_typing=Condition(self._is_command),
            key_bindings=self._bindings(),
            multiline=True,
            prompt_continuation=_CONTINUATION if message is None else "",
            enable_suspend=True,
            enable_open_in_editor=True,
            output=output,
        )

    async def read(self, draft: str = "", *, until_end: bool = False) -> str:
        """Give the next prompt."""
        self._until_end = until_end
        message = _BLOCK_MESSAGE if until_end else _MESSAGE
        text = await self._session.prompt_async(
            message if self._message is None else self._message, default=draft
        )
        return text.removesuffix(END).rstrip("\n") if until_end else text

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Keep what is typed off the screen, for the next prompt; Ctrl-C stays a signal."""
        try:
            import termios  # only here: not every system has it
        except ImportError:
            yield
            return
        keyboard = sys.stdin.fileno()
        try:
            before = termios.tcgetattr(keyboard)
        except termios.error:  # the terminal is gone: who writes next is told
            yield
            return
        silent = [*before]
        silent[0] = before[0] & ~termios.ICRNL
        silent[3] = before[3] & ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        try:
            termios.tcsetattr(keyboard, termios.TCSANOW, silent)
            yield
        finally:
            with suppress(termios.error):
                termios.tcsetattr(keyboard, termios.TCSANOW, before)

    def _is_command(self) -> bool:
        text = self._session.default_buffer.text
        return text.startswith("/") and "\n" not in text and not self._until_end

    def _has_text(self) -> bool:
        return bool(self._session.default_buffer.text)

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()
        is_editing = ~is_searching

        @bindings.add("enter", filter=is_editing)
        def _enter(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            if self._until_end and buffer.document.current_line.strip() != END:
                buffer.insert_text("\n")
            else:
                buffer.validate_and_handle()

        @bindings.add("escape", "enter", filter=is_editing)
        def _alt_enter(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        @bindings.add("c-c", filter=is_editing & Condition(self._has_text))
        def _ctrl_c(event: KeyPressEvent) -> None:
            event.current_buffer.reset()

        return bindings
