"""From the command line to a conversation."""

from __future__ import annotations

import os
import sys
from contextlib import AsyncExitStack
from typing import Final

import attrs

from headwater import ChatOptions, Runner
from headwater.session import Session
from headwater.store import Store

from .._asking import make_runner
from .._attach import read_attachment
from .._errors import ExitCode
from .._kept import Continued, can_keep, open_store, resume_session
from .._settings import Settings
from .._terminal import as_line
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
        model: The model that answers, if no conversation goes on.
        options: The options of every turn, the system prompt among them.
        attachments: What goes out with the first prompt.
        settings: The defaults of the person.
        manner: How the conversation is held.
        continued: The conversation that goes on; None: it begins.
        max_context_tokens: How much of it is sent; None: all.
    """

    model: str
    options: ChatOptions
    attachments: tuple[str, ...]
    settings: Settings
    manner: Manner
    continued: Continued | None
    max_context_tokens: int | None


async def hold_conversation(wish: Wish) -> ExitCode:
    """Hold a conversation on the standard streams, and tell how it ended.

    Raises:
        HeadwaterError: It cannot be begun.
    """
    manner = wish.manner
    display = Display(
        sys.stdout, sys.stderr, is_plain=manner.is_plain, is_whole_wanted=manner.is_whole
    )
    async with AsyncExitStack() as stack:
        runner = await stack.enter_async_context(make_runner())
        store = None if manner.is_private else open_store()
        if store is not None and wish.continued is None and not can_keep(store):
            display.note(
                f"This conversation is not kept: {as_line(str(store.path))} cannot be written."
            )
            store = None
        if store is not None:
            await stack.enter_async_context(store)
        session = await _session(runner, store, wish)
        catalog = Catalog(runner)
        stack.push_async_callback(catalog.aclose)
        talk = Talk(
            runner=runner,
            store=store,
            session=session,
            options=wish.options,
            settings=wish.settings,
            display=display,
            source=_source(display, catalog, wish),
            catalog=catalog,
            manner=manner,
            max_context_tokens=wish.max_context_tokens,
            attachments=[read_attachment(place) for place in wish.attachments],
        )
        stack.push_async_callback(talk.flush)  # however it ends, by a signal too
        if manner.has_commands:
            display.note(await talk.banner())
            display.note("/help lists the commands; Ctrl-C stops an answer, Ctrl-D leaves.")
        return await converse(talk)


async def _session(runner: Runner, store: Store | None, wish: Wish) -> Session:
    given = wish.options.pop("system", None)
    limit = wish.max_context_tokens
    if wish.continued is None:
        system = given if isinstance(given, str) else None  # what is typed is text
        return Session(runner, wish.model, system, store=store, max_context_tokens=limit)
    return await resume_session(runner, store or Store(), wish.continued, max_context_tokens=limit)


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
    from prompt_toolkit.history import InMemoryHistory

    from ._completion import CommandCompleter  # only here: they bring prompt_toolkit
    from ._history import PromptHistory, history_path
    from ._terminal_source import TerminalSource

    return TerminalSource(
        display.ui,
        history=InMemoryHistory() if wish.manner.is_private else PromptHistory(history_path()),
        completer=CommandCompleter(catalog, wish.settings.aliases),
        message=PROMPT if is_classic else None,
    )
