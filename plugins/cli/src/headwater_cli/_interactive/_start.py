"""From the command line to a conversation."""

from __future__ import annotations

import os
import sys
from typing import Final

import attrs

from headwater import ChatOptions
from headwater.session import Session

from .._asking import make_runner
from .._attach import read_attachment
from .._errors import ExitCode
from .._settings import Settings
from ._catalog import Catalog
from ._classic import PROMPT
from ._display import Display
from ._lines import LineSource
from ._loop import converse
from ._source import Source
from ._talk import Manner, Talk

__all__ = ["Wish", "hold_conversation"]

_MARK: Final = "> "


@attrs.frozen(kw_only=True)
class Wish:
    """Hold what the command line asks for.

    Attributes:
        model: The model that answers.
        options: The options of every turn, the system prompt among them.
        attachments: What goes out with the first prompt.
        settings: The defaults of the person.
        manner: How the conversation is held.
    """

    model: str
    options: ChatOptions
    attachments: tuple[str, ...]
    settings: Settings
    manner: Manner


async def hold_conversation(wish: Wish) -> ExitCode:
    """Hold a conversation on the standard streams, and tell how it ended.

    Raises:
        HeadwaterError: It cannot be begun.
    """
    manner = wish.manner
    display = Display(
        sys.stdout, sys.stderr, is_plain=manner.is_plain, is_whole_wanted=manner.is_whole
    )
    options = wish.options
    given = options.pop("system", None)
    system = given if isinstance(given, str) else None  # what is typed is text
    async with make_runner() as runner:
        catalog = Catalog(runner)
        try:
            talk = Talk(
                runner=runner,
                session=Session(runner, wish.model, system),
                options=options,
                settings=wish.settings,
                display=display,
                source=_source(display, catalog, wish),
                catalog=catalog,
                manner=manner,
                attachments=[read_attachment(place) for place in wish.attachments],
            )
            if manner.has_commands:
                display.note(await talk.about_model())
                display.note("/help lists the commands; Ctrl-C stops an answer, Ctrl-D leaves.")
            return await converse(talk)
        finally:
            await catalog.aclose()


def _source(display: Display, catalog: Catalog, wish: Wish) -> Source:
    """Choose how prompts are read: on a terminal that can move its cursor, with all comfort."""
    is_classic = wish.manner.is_classic
    can_edit = sys.stdin.isatty() and display.ui.isatty() and os.environ.get("TERM") != "dumb"
    if not can_edit:
        return LineSource(
            sys.stdin,
            sys.stdout if is_classic else display.ui,
            PROMPT if is_classic else _MARK,
        )
    from ._completion import CommandCompleter  # only here: they bring prompt_toolkit
    from ._history import PromptHistory, history_path
    from ._terminal_source import TerminalSource

    return TerminalSource(
        display.ui,
        history=PromptHistory(history_path()),
        completer=CommandCompleter(catalog, wish.settings.aliases),
        message=PROMPT if is_classic else None,
    )
