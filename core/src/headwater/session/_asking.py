"""One turn under way: what is sent, what comes, and what becomes of the history at its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import attrs

from ..call import Call, Operation
from ..errors import HeadwaterError, InvalidRequest, StorageError
from ..estimate import LiveUsage, count_input, count_text
from ..events import EventStream, Finished
from ..messages import Message, Role
from ..options import ChatOptions, check_names, read_request
from ..parts import Reasoning, Text
from ..requests import ChatRequest
from ..responses import ChatResponse
from ..stream import ChatStream, StreamMetrics, complete
from ..turns import Turn
from ..usage import Provenance, Usage
from ._choosing import Sent
from ._conversation import Conversation

__all__ = ["Asking", "ask_for", "events_of"]

_NOTHING = ChatResponse(Message(Role.ASSISTANT, ()))


class Asking:
    """Ask once, and commit what comes of it.

    Args:
        conversation: Whose turn it is.
        request: What is asked, with as much of the conversation as its check needs.
        asked: The messages that are new.
        keep: How many turns of the history stand before them; None: all.
        options: The options of the call.
        keeps_partial: Whether a cut answer is to be kept in the history.
    """

    def __init__(
        self,
        conversation: Conversation,
        request: ChatRequest,
        *,
        asked: tuple[Message, ...],
        keep: int | None,
        options: ChatOptions,
        keeps_partial: bool,
    ) -> None:
        self.stream: ChatStream | None = None
        self.is_committed = False
        self.has_ended = asyncio.Event()
        # What waits before the stream exists waits in this call, so that closing ends it too.
        self.call = Call(request=request, operation=Operation.COUNT_USAGE)
        self._conversation = conversation
        self._asked = asked
        self._has_begun = False
        self._replaces = keep is not None
        self._version = conversation.history.version
        self._keep = keep or 0
        self._options = options
        self._keeps_partial = keeps_partial
        self._sent = Sent(())
        self.live = LiveUsage(self._count_input)
        self._partial: ChatResponse | None = None
        self._started_at = datetime.now(UTC)
        self._started = time.monotonic()

    @property
    def response(self) -> ChatResponse:
        """Give the answer as far as it has come."""
        return _NOTHING if self.stream is None else self.stream.response

    def check_turn(self) -> None:
        """Refuse to begin while another turn is under way.

        Raises:
            SessionBusy: One is.
        """
        if not self._has_begun:
            self._conversation.check_idle()

    def begin(self) -> None:
        """Take the turn.

        Raises:
            SessionBusy: Another one is under way.
            InvalidRequest: What it was to replace has changed.
        """
        history = self._conversation.history
        self.check_turn()
        if not self._replaces:
            self._keep = len(history.turns)
        elif history.version != self._version:
            raise InvalidRequest("the history has changed since retry or edit was called")
        self._conversation.begin(self)
        self._has_begun = True
        self._started_at = datetime.now(UTC)
        self._started = time.monotonic()

    async def _choose(self) -> None:
        conversation = self._conversation
        self._sent = await conversation.chooser.choose(
            self.call.request,
            self._asked,
            conversation.history.end_of(self._keep),
            self._options,
            conversation.ask,
        )

    async def open(self) -> ChatStream:
        """Make the stream of the answer."""
        messages = await self._prepare()
        self.stream = self._conversation.runner.stream_chat(
            self.call.request.model, messages, **self._options
        )
        return self.stream

    async def _prepare(self) -> Sequence[Message]:
        """Choose what is sent; closing the stream ends that too."""
        try:
            await self.call.wait(self._choose())
        except HeadwaterError as error:
            complete(error, self.call)
            raise
        return self._sent.messages

    def _count_input(self) -> int:
        if self._sent.tokens is not None:
            return self._sent.tokens
        request = self.call.request
        system = request.messages[: self._options.get("system") is not None]
        return count_input(attrs.evolve(request, messages=(*system, *self._sent.messages)))

    async def answer(self) -> ChatResponse:
        """Ask for the whole answer at once."""
        self.begin()
        try:
            messages = await self._prepare()
            response = await self._conversation.runner.chat(
                self.call.request.model, messages, **self._options
            )
            await self.commit(response)
        except HeadwaterError as error:
            error.partial = self._partial = self._counted(error.partial)
            raise
        finally:
            self.end()
        return response

    def _counted(self, cut: ChatResponse | None) -> ChatResponse | None:
        """Estimate what a cut answer used, where nobody has counted; a stream does so itself."""
        if cut is None or cut.usage.is_known or not cut.message.parts:
            return cut
        written = [part.text for part in cut.message.parts if isinstance(part, Text | Reasoning)]
        usage = Usage(
            self._count_input(), count_text("".join(written)), provenance=Provenance.ESTIMATED
        )
        return attrs.evolve(cut, usage=usage)

    async def commit(self, response: ChatResponse) -> None:
        """Let the turn and its answer join the history."""
        turn = self._turn(response)
        try:
            await self._conversation.keep(turn, self._keep, partial(self._accept, turn))
        except StorageError as error:
            error.partial = response
            complete(error, self.call)
            raise

    def _accept(self, turn: Turn) -> bool:
        """Commit, at the very moment at which it is kept, unless the turn was left meanwhile."""
        if self.has_ended.is_set():
            return False
        self._conversation.commit(turn, self._keep)
        self._conversation.chooser.learn(self.call.request.model, self._sent, turn.usage)
        self.is_committed = True
        return True

    def end(self) -> None:
        """Give the turn back, whatever came of it; once."""
        if not self._has_begun or self.has_ended.is_set():
            return
        if not self.is_committed:
            cut = self._partial if self.stream is None else self.stream.response
            self._conversation.abandon(
                self._turn(cut), self._keep, keeps_partial=self._keeps_partial
            )
        self._conversation.end()
        self.has_ended.set()

    def _turn(self, response: ChatResponse | None) -> Turn:
        metrics: StreamMetrics | None = None if self.stream is None else self.stream.metrics
        return Turn(
            self._asked,
            response,
            model=self.call.request.model,
            first_content_s=None if metrics is None else metrics.first_content_s,
            total_s=round(time.monotonic() - self._started, 6),
            started_at=self._started_at,
        )


def ask_for(
    conversation: Conversation,
    asked: tuple[Message, ...],
    options: ChatOptions,
    *,
    keeps_partial: bool,
    keep: int | None = None,
) -> Asking:
    """Make a turn; see `Asking`.

    Raises:
        InvalidRequest: An argument is wrong in itself, or does not follow what was said last.
        SessionBusy: A turn is under way.
        TypeError: An option does not exist.
    """
    conversation.check_idle()
    check_names(options)
    if "system" not in options and conversation.system is not None:
        options = {**options, "system": conversation.system}
    history = conversation.history
    tail = history.tail(None if keep is None else history.end_of(keep))
    request = read_request(conversation.model, [*tail, *asked], options)
    return Asking(
        conversation,
        request,
        asked=asked,
        keep=keep,
        options=options,
        keeps_partial=keeps_partial,
    )


async def events_of(asking: Asking) -> EventStream:
    """Give the events of a turn; the last one comes once the answer has joined the history."""
    asking.begin()
    try:
        async with await asking.open() as stream:
            async for event in stream:
                asking.live.add(event)
                if type(event) is not Finished:
                    yield event
                    continue
                later = [frame async for frame in stream]
                await asking.commit(stream.response)
                asking.end()  # who stops here has no reason to close the stream
                yield event
                for frame in later:
                    yield frame
    finally:
        asking.end()
