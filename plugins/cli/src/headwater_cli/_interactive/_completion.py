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
        if not text.startswith("/") or "\n" in text:
            return
        name, space, argument = text[1:].partition(" ")
        if not space:
            for completion in _names(name):
                yield completion
        elif name in COMMANDS and COMMANDS[name].takes is Takes.MODEL:
            word = argument.rpartition(" ")[2]
            for model, about in (await self._models(word)).items():
                if model.startswith(word):
                    yield Completion(model, -len(word), display_meta=as_line(about))
        elif name in COMMANDS and COMMANDS[name].takes is Takes.PATH:
            inner = Document(argument, len(argument))
            for completion in self._paths.get_completions(inner, complete_event):
                yield completion

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
