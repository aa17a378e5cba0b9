"""A conversation that keeps its history right."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack

from ..errors import InvalidRequest
from ..messages import Message
from ..options import ChatOptions, check_names, read_request
from ..requests import ModelId, as_messages
from ..responses import ChatResponse
from ..runner import Runner
from ..turns import Turn
from ..usage import Usage
from .asked import Asked, as_asked
from .asking import Asking
from .conversation import Conversation
from .files import Saved, load_file, save_file
from .stream import SessionStream

if TYPE_CHECKING:
    from ..store import Store

__all__ = ["Session"]


class Session:
    """Hold a conversation with a model; the history keeps itself.

    A turn and its answer join the history together, once the answer is whole. A turn that fails,
    is cancelled or is left leaves the history as it was. One turn at a time.

    Args:
        runner: Carries the calls; the session does not close it.
        model: "provider/model".
        system: How the model should behave.
        store: Where the turns are kept as they are answered; None: nowhere.

    Raises:
        InvalidRequest: An argument is wrong in itself.

    Shapes:
        session = Session(runner, "openai/gpt-5-mini", system="Be brief.")
        async with session.stream("Hello") as stream:
            async for text in stream.text(): ...
        response = await session.send("And then?")
    """

    def __init__(
        self,
        runner: Runner,
        model: str | ModelId,
        system: str | None = None,
        *,
        store: Store | None = None,
    ) -> None:
        self._conversation = Conversation(runner, ModelId.parse(model), _as_system(system), store)

    # --- asking

    def stream(
        self, prompt: Asked, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> SessionStream:
        """Say something, and stream the answer.

        Args:
            prompt: A prompt, parts, the results of tools, or messages.
            keep_partial: Whether the text of a cut answer joins the history, marked as interrupted.
            **options: As for `Runner.stream_chat`; `system` replaces the session's for this turn.

        Returns:
            The handle to iterate. Nothing is sent before the first event is asked for.

        Raises:
            InvalidRequest: An argument is wrong in itself, or does not follow what was said last.
            SessionBusy: A turn is under way.
            TypeError: An option does not exist.
        """
        return SessionStream(self._asking(as_asked(prompt), None, keep_partial, options))

    async def send(
        self, prompt: Asked, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> ChatResponse:
        """Say something, and get the whole answer; otherwise as `stream`.

        Raises:
            HeadwaterError: The call failed; see `headwater.errors`.
            TypeError: An option does not exist.
        """
        return await self._asking(as_asked(prompt), None, keep_partial, options).answer()

    def stream_current(
        self, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> SessionStream:
        """Stream the answer to the history as it stands, for example after `inject`.

        Raises:
            InvalidRequest: There is nothing to answer, or an argument is wrong in itself.
            SessionBusy: A turn is under way.
            TypeError: An option does not exist.
        """
        return SessionStream(self._asking((), None, keep_partial, options))

    def retry(self, *, keep_partial: bool = False, **options: Unpack[ChatOptions]) -> SessionStream:
        """Say the last thing again, and stream another answer.

        That is the turn which just failed, else the last exchange, whose answer stays in the
        history until the new one is whole.

        Raises:
            InvalidRequest: Nothing has been said yet, or an argument is wrong in itself.
            SessionBusy: A turn is under way.
            TypeError: An option does not exist.
        """
        asked, keep = self._last_said()
        return SessionStream(self._asking(asked, keep, keep_partial, options))

    def edit(
        self, prompt: Asked, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> SessionStream:
        """Say something in place of the last thing said, and stream the answer; as `retry`.

        Raises:
            InvalidRequest: Nothing has been said yet, or an argument is wrong in itself.
            SessionBusy: A turn is under way.
            TypeError: An option does not exist.
        """
        _, keep = self._last_said()
        return SessionStream(self._asking(as_asked(prompt), keep, keep_partial, options))

    # --- what has been said

    @property
    def messages(self) -> tuple[Message, ...]:
        """List the history, without the system prompt."""
        return tuple(self._conversation.history.messages())

    @property
    def turns(self) -> tuple[Turn, ...]:
        """List the turns of the history, each with its answer, usage, cost and timings."""
        return tuple(self._conversation.history.turns)

    @property
    def last_partial(self) -> ChatResponse | None:
        """Give the cut answer of the last turn; None where it was whole, or nothing came."""
        return self._conversation.last_partial

    @property
    def is_busy(self) -> bool:
        """Tell whether a turn is under way."""
        return self._conversation.is_busy

    def inject(self, *messages: Message) -> None:
        """Put messages in the history without asking: results of tools, or what was said elsewhere.

        Raises:
            InvalidRequest: They do not follow what was said last; all results of the calls before
                them are given at once.
            SessionBusy: A turn is under way.
        """
        self._conversation.check_idle()
        history = self._conversation.history
        as_messages([*history.tail(len(history.turns)), *messages])
        history.append(Turn(tuple(messages)))
        self._conversation.failed = None

    def undo(self) -> tuple[Message, ...]:
        """Take back the last exchange: what the user said last, and all that followed.

        What it cost stays counted.

        Returns:
            The messages that were taken back; none where nothing had been said.

        Raises:
            SessionBusy: A turn is under way.
        """
        self._conversation.check_idle()
        history = self._conversation.history
        start = history.last_exchange()
        self._conversation.failed = None
        if start is None:
            return ()
        taken = [message for turn in history.turns[start:] for message in turn.messages]
        self._conversation.truncate(start)
        return tuple(taken)

    def clear(self) -> None:
        """Forget what was said; the system prompt and the counters stay.

        Raises:
            SessionBusy: A turn is under way.
        """
        self._conversation.check_idle()
        self._conversation.clear()

    def fork(self) -> Self:
        """Give another session with the same history, whose counters begin anew.

        The two share the runner and what is decided so far, and nothing that comes.
        """
        conversation = self._conversation
        other = type(self)(
            conversation.runner, conversation.model, conversation.system, store=conversation.store
        )
        other._conversation.restore(conversation.history.turns, ())
        return other

    # --- who answers

    @property
    def model(self) -> ModelId:
        """Tell which model answers."""
        return self._conversation.model

    def switch_model(self, model: str | ModelId) -> None:
        """Let another model answer from the next turn on.

        Raises:
            InvalidRequest: It is no model id.
        """
        self._conversation.model = ModelId.parse(model)

    @property
    def system(self) -> str | None:
        """Tell how the model should behave; a change holds from the next turn on."""
        return self._conversation.system

    @system.setter
    def system(self, text: str | None) -> None:
        self._conversation.system = _as_system(text)

    # --- what it cost

    @property
    def usage(self) -> Usage:
        """Add up the tokens of all calls: those cut, undone, retried and cleared included."""
        return self._conversation.ledger.usage or Usage()

    @property
    def cost(self) -> Decimal | None:
        """Add up what all calls cost, in US dollars; None where one has no known price.

        Raises:
            ConfigurationError: The extra `headwater[prices]` is not installed.
        """
        return self._conversation.ledger.cost()

    # --- keeping it

    @property
    def id(self) -> str | None:
        """Tell the name of the conversation in the store; None while nothing of it is kept."""
        keeping = self._conversation.keeping
        return None if keeping is None else keeping.conversation_id

    @classmethod
    async def resume(cls, runner: Runner, store: Store, conversation_id: str) -> Self:
        """Go on with a conversation of the store, counters and all.

        Args:
            runner: Carries the calls.
            store: Where it is kept, and will be.
            conversation_id: Its id, or a beginning of it that no other has.

        Raises:
            InvalidRequest: There is none, or several begin like that.
            StorageError: The store cannot be read.
        """
        kept = await store.conversation(conversation_id)
        session = cls(runner, kept.summary.model, kept.summary.system, store=store)
        session._conversation.restore(kept.turns, kept.spendings)
        session._conversation.keeping = kept.keeping()
        return session

    async def flush(self) -> None:
        """Write to the store what no answer has written: undone and cut turns, what was injected.

        Each answer writes it too; call this before you leave, where it matters.

        Raises:
            SessionBusy: A turn is under way.
            StorageError: It cannot be written.
        """
        self._conversation.check_idle()
        await self._conversation.flush()

    def save(self, path: str | Path) -> None:
        """Write the session to a file of JSON Lines, wholly or not at all.

        Raises:
            StorageError: The file cannot be written.
        """
        conversation = self._conversation
        saved = Saved(
            model=conversation.model,
            system=conversation.system,
            turns=conversation.history.turns,
            spendings=conversation.ledger.spendings,
        )
        save_file(path, saved)

    @classmethod
    def load(cls, runner: Runner, path: str | Path) -> Self:
        """Go on with a session that `save` wrote, counters and all.

        Raises:
            StorageError: The file cannot be read, is none that `save` wrote, or a newer Headwater
                wrote it.
        """
        saved = load_file(path)
        session = cls(runner, saved.model, saved.system)
        session._conversation.restore(saved.turns, saved.spendings)
        return session

    def _asking(
        self,
        asked: tuple[Message, ...],
        keep: int | None,
        keeps_partial: bool,
        options: ChatOptions,
    ) -> Asking:
        conversation = self._conversation
        conversation.check_idle()
        check_names(options)
        history = conversation.history
        place = len(history.turns) if keep is None else keep
        if "system" not in options and conversation.system is not None:
            options["system"] = conversation.system
        request = read_request(conversation.model, [*history.tail(place), *asked], options)
        return Asking(
            conversation,
            request,
            asked=asked,
            keep=keep,
            options=options,
            keeps_partial=keeps_partial,
        )

    def _last_said(self) -> tuple[tuple[Message, ...], int]:
        """Find what was said last, and how many turns stood before it."""
        self._conversation.check_idle()
        failed = self._conversation.failed
        if failed is not None:
            return failed.asked, failed.keep
        history = self._conversation.history
        start = history.last_exchange()
        if start is None:
            raise InvalidRequest("nothing has been said in this session yet")
        turn = history.turns[start]
        return (turn.asked, start) if turn.response is not None else ((), start + 1)


def _as_system(text: object) -> str | None:
    if text is None or isinstance(text, str):
        return text
    raise InvalidRequest(f"expected system to be text or None, got {type(text).__name__}")
