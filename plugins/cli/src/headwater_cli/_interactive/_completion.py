"""Completion of commands, models and paths while a command is typed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from .._installed import provider_names
from .._terminal import as_line
from ._catalog import Catalog
from ._commands import COMMANDS, Takes

__all__ = ["CommandCompleter"]


class CommandCompleter(Completer):
    """Complete what follows a slash. What a provider offers is shown once it has answered.

    Args:
        catalog: Knows the models.
        aliases: Short names of models.
    """

    def __init__(self, catalog: Catalog, aliases: Iterable[str]) -> None:
        self._catalog = catalog
        self._aliases = tuple(aliases)
        self._paths = PathCompleter(expanduser=True)

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Give none: they come asynchronously."""
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Give what the command could go on with."""
        text = document.text_before_cursor
        if text.startswith("/") and "\n" not in text:
            for completion in await self._all(text[1:], complete_event):
                yield completion

    async def _all(self, text: str, event: CompleteEvent) -> Iterable[Completion]:
        name, space, argument = text.partition(" ")
        if not space:
            return _names(name)
        takes = COMMANDS[name].takes if name in COMMANDS else Takes.NOTHING
        if takes is Takes.MODEL:
            word = argument.rpartition(" ")[2]
            models = await self._models(word)
            return [
                Completion(model, -len(word), display_meta=as_line(about))
                for model, about in models.items()
                if model.startswith(word)
            ]
        if takes is Takes.PATH:
            return self._paths.get_completions(Document(argument, len(argument)), event)
        return ()

    async def _models(self, word: str) -> Mapping[str, str]:
        """Give what a word may be going to be, each with a line on it."""
        provider, slash, _ = word.partition("/")
        if not slash:
            return {
                **dict.fromkeys(self._aliases, "alias"),
                **{f"{name}/": "" for name in provider_names()},
            }
        models = await self._catalog.models(provider)
        return {f"{provider}/{model.name}": model.description for model in models}


def _names(begun: str) -> Iterable[Completion]:
    for command in COMMANDS.values():
        if command.name.startswith(begun):
            about = command.summary.rstrip(".")
            yield Completion(command.name, -len(begun), display_meta=about)
