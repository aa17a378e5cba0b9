"""A conversation on a terminal: the session, and what this program keeps beside it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Final

import attrs

from headwater import (
    ChatOptions,
    ConfigurationError,
    InvalidRequest,
    Message,
    ModelId,
    Part,
    Role,
    Runner,
    StorageError,
    Text,
    Usage,
    user,
)
from headwater.prices import cost_of
from headwater.session import Session
from headwater.store import Store

from .._installed import provider_names
from .._settings import Settings
from .._show import usage_line
from .._terminal import as_line
from ._catalog import Catalog
from ._classic import ending_lines
from ._display import Display
from ._source import Source
from ._turn import Ask, Ended, take_turn

__all__ = ["Manner", "Talk"]

LIMIT_WAIT_S: Final = 0.5  # how long what a provider says of its models may hold things up


@attrs.frozen(kw_only=True)
class Manner:
    r"""Say how a conversation is held.

    Attributes:
        is_classic: Whether each prompt ends with a line `\end`, and the answer in classic words.
        is_whole: Whether answers are asked for in one piece.
        is_plain: Whether answers are shown as they come, without rendering and colour.
        is_private: Whether nothing of the conversation is kept.
        has_commands: Whether what begins with a slash is a command.
    """

    is_classic: bool = False
    is_whole: bool = False
    is_plain: bool = False
    is_private: bool = False
    has_commands: bool = True


@attrs.define
class Talk:
    """Hold a conversation.

    Attributes:
        draft: What the next prompt begins with.
        is_editing: Whether the next prompt takes the place of the last one.
        is_block: Whether the next prompt goes on until its own end.
        attachments: What goes out with the next prompt.
        is_reasoning_open: Whether reasoning stays on the screen.
        last: How the last turn ended.
    """

    runner: Runner
    store: Store | None
    session: Session
    options: ChatOptions
    settings: Settings
    display: Display
    source: Source
    catalog: Catalog
    manner: Manner
    max_context_tokens: int | None
    draft: str = ""
    is_editing: bool = False
    is_block: bool = False
    attachments: list[Part] = attrs.field(factory=list)
    is_reasoning_open: bool = False
    last: Ended | None = None
    _asked: tuple[Part, ...] = ()

    async def say(self, text: str) -> None:
        """Say something to the model, in place of the last thing where that is edited."""
        session, options = self.session, self.options
        is_edit, self.is_editing = self.is_editing, False
        if is_edit:
            self.attachments += [p for p in self.last_prompt() if not isinstance(p, Text)]
        parts = (*self.attachments, Text(text))
        self.attachments.clear()
        self._asked = parts
        if is_edit:
            await self._take(lambda: session.edit(parts, keep_partial=True, **options))
        elif self.manner.is_whole:
            await self._take(lambda: session.send(parts, keep_partial=True, **options))
        else:
            await self._take(lambda: session.stream(parts, keep_partial=True, **options))

    async def retry(self) -> None:
        """Say the last thing again."""
        await self._take(lambda: self.session.retry(keep_partial=True, **self.options))

    def last_prompt(self) -> tuple[Part, ...]:
        """Give what was said to the model last; nothing, if nothing was."""
        if self._asked:
            return self._asked
        said = [message for message in self.session.messages if message.role is Role.USER]
        return said[-1].parts if said else ()

    def last_request(self) -> list[Message]:
        """Give the conversation up to what was said last, without the answer to it.

        Raises:
            InvalidRequest: Nothing has been said yet.
        """
        parts = self.last_prompt()
        if not parts:
            raise InvalidRequest("nothing has been said yet")
        messages = list(self.session.messages)
        places = [n for n, message in enumerate(messages) if message.role is Role.USER]
        if places and messages[places[-1]].parts == parts:
            del messages[places[-1] :]
        return [*messages, user(*parts)]

    def as_model(self, name: str) -> ModelId:
        """Give the model that a name or an alias stands for.

        Raises:
            InvalidRequest: It is no model id, or nobody provides it.
        """
        model = ModelId.parse(self.settings.resolve(name))
        installed = provider_names()
        if model.provider not in installed:
            raise InvalidRequest(
                f'no plugin provides "{model.provider}"; installed: {", ".join(installed)}'
            )
        return model

    def forget_prompt(self) -> None:
        """Let the history alone say what was said last."""
        self._asked = ()
        self.is_editing = False

    async def about_model(self) -> str:
        """Say which model answers, and how much it reads."""
        limit = await self.max_tokens()
        about = as_line(str(self.session.model))
        return about if limit is None else f"{about} | context limit {limit:,} tokens"

    async def banner(self) -> str:
        """Say what the conversation begins with."""
        about = await self.about_model()
        return f"{about} | goes on after {self.answers()}" if self.session.turns else about

    def answers(self) -> str:
        """Say how many answers stand in the history."""
        count = sum(1 for turn in self.session.turns if turn.response is not None)
        return "1 answer" if count == 1 else f"{count} answers"

    async def flush(self) -> None:
        """Keep what no answer has kept yet."""
        try:
            await self.session.flush()
        except StorageError as error:
            self.display.fail(error)

    async def max_tokens(self) -> int | None:
        """Tell how long the conversation may get: its own limit, else the model's."""
        if self.max_context_tokens is not None:
            return self.max_context_tokens
        return await self.catalog.max_tokens(self.session.model, within_s=LIMIT_WAIT_S)

    async def cost(self) -> Decimal | None:
        """Tell what the conversation has cost; None where that is not known."""
        try:
            return await asyncio.to_thread(lambda: self.session.cost)
        except ConfigurationError:
            return None

    async def _take(self, ask: Ask) -> None:
        display, session = self.display, self.session
        is_classic = self.manner.is_classic
        view = display.plain_view() if is_classic else display.view(self.is_reasoning_open)
        with self.source.quiet():
            ended = await take_turn(ask, view, display.spinner(f"waiting for {session.model}"))
            self.last = ended
            if is_classic:
                display.answer(ending_lines(ended, await self.max_tokens()))
            else:
                await self._sum_up(ended)
        if ended.error is not None:
            display.fail(ended.error)
        if self.manner.has_commands and (advice := _advice(ended)):
            display.note(advice)

    async def _sum_up(self, ended: Ended) -> None:
        if ended.response is not None:
            cost = await known_cost(self.session.model, ended.response.usage)
            is_cut = ended.is_interrupted
            self.display.note(
                usage_line(ended.response, ended.metrics, cost=cost, is_interrupted=is_cut)
            )
        elif ended.is_interrupted:
            self.display.note("[interrupted]")


def _advice(ended: Ended) -> str:
    """Say what can be done about a turn that did not end well."""
    if ended.error is not None or ended.is_interrupted:
        return "/retry asks again, /edit changes the prompt first."
    if ended.response is not None and ended.response.tool_calls:
        return "No tools are run here, and the model waits for them: /undo takes the turn back."
    return ""


async def known_cost(model: ModelId, usage: Usage) -> Decimal | None:
    """Tell what a call cost; None where that is not known, or the prices are not installed."""
    try:
        return await asyncio.to_thread(cost_of, model, usage)  # the first time takes a while
    except ConfigurationError:
        return None
