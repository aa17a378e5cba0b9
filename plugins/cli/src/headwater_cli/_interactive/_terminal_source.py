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
        self._has_ended = False
        self._rest = ""
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
        if self._has_ended:
            raise EOFError
        self._until_end = until_end
        message = _BLOCK_MESSAGE if until_end else _MESSAGE
        text = await self._session.prompt_async(
            message if self._message is None else self._message, default=draft or self._rest
        )
        self._rest = ""
        return self._before_end(text) if until_end else text

    def _before_end(self, text: str) -> str:
        """Give what stands before the line that ends it; what was pasted after it comes next."""
        lines = text.split("\n")
        place = next((n for n, line in enumerate(lines) if line.strip() == END), len(lines))
        self._rest = "\n".join(lines[place + 1 :]).strip("\n")
        return "\n".join(lines[:place]).rstrip("\n")

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

    def _is_at_last_line(self) -> bool:
        """Tell whether the end of the input would end a prompt here, as it does on a pipe."""
        buffer = self._session.default_buffer
        is_at_end = buffer.document.is_cursor_at_the_end and buffer.text.endswith("\n")
        return self._until_end and is_at_end and bool(buffer.text.strip())

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()
        is_editing = ~is_searching

        @bindings.add("enter", filter=is_editing)
        def _enter(event: KeyPressEvent) -> None:
            buffer = event.current_buffer
            lines = (line.strip() for line in buffer.text.split("\n"))
            if self._until_end and END not in lines:
                buffer.insert_text("\n")
            else:
                buffer.validate_and_handle()

        @bindings.add("escape", "enter", filter=is_editing)
        def _alt_enter(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        @bindings.add("c-c", filter=is_editing & Condition(self._has_text))
        def _ctrl_c(event: KeyPressEvent) -> None:
            event.current_buffer.reset()

        @bindings.add("c-d", filter=is_editing & Condition(self._is_at_last_line))
        def _ctrl_d(event: KeyPressEvent) -> None:
            self._has_ended = self._message is not None
            event.current_buffer.validate_and_handle()

        return bindings
