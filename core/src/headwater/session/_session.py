"""A conversation that keeps its history right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack

from ..errors import InvalidRequest
from ..events import Event
from ..messages import Message
from ..options import ChatOptions
from ..requests import ModelId
from ..responses import ChatResponse
from ..runner import Runner
from ..turns import Turn
from ..usage import Usage
from ._asked import Asked, as_asked
from ._asking import ask_for
from ._choosing import ContextOptions
from ._conversation import Conversation
from ._files import Saved, load_file, save_file
from ._functions import Functions, ToolFunction
from ._stream import SessionStream
from ._tool_loop import Loop

if TYPE_CHECKING:
    from ..store import Store

__all__ = ["Session"]


class Session:
    """Hold a conversation with a model; the history keeps itself.

    A turn and its answer join the history together, once the answer is whole. A turn that fails,
    is cancelled or is left leaves the history as it was. One turn at a time: what would begin
    another, or change the history under it, raises `SessionBusy`.

    Args:
        runner: Carries the calls; the session does not close it.
        model: "provider/model".
        system: How the model should behave.
        store: Where the turns are kept as they are answered; None: nowhere.
        max_context_tokens: How much the model reads and writes at once; what is older than fits is
            left out of what is sent, never out of the history. None: all is sent.
        reserve_output_tokens: How much of that to leave for the answer; None: what the call allows
            with `max_output_tokens`, else 4,096, and at most a quarter.
        strategy: Chooses what is sent when not all fits; None: `Trim()`.

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
        **context: Unpack[ContextOptions],
    ) -> None:
        self._conversation = Conversation(
            runner, ModelId.parse(model), _as_system(system), store=store, **context
        )

    # Asking

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
        asked = as_asked(prompt)
        return SessionStream(
            ask_for(self._conversation, asked, options, keeps_partial=keep_partial)
        )

    async def send(
        self, prompt: Asked, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> ChatResponse:
        """Say something, and get the whole answer; otherwise as `stream`.

        Raises:
            HeadwaterError: The call failed; see `headwater.errors`.
            TypeError: An option does not exist.
        """
        asked = as_asked(prompt)
        asking = ask_for(self._conversation, asked, options, keeps_partial=keep_partial)
        return await asking.answer()

    def stream_current(
        self, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> SessionStream:
        """Stream the answer to the history as it stands, after `inject` say; as `stream`."""
        return SessionStream(ask_for(self._conversation, (), options, keeps_partial=keep_partial))

    def retry(self, *, keep_partial: bool = False, **options: Unpack[ChatOptions]) -> SessionStream:
        """Say the last thing again, and stream another answer; as `stream`.

        That is the turn which just failed, else the last exchange, which stays in the history until
        the new answer is whole.
        """
        last = self._conversation.last_said()
        asking = ask_for(
            self._conversation, last.asked, options, keeps_partial=keep_partial, keep=last.keep
        )
        return SessionStream(asking)

    def edit(
        self, prompt: Asked, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> SessionStream:
        """Say something in place of what the user said last, and stream the answer; as `retry`."""
        keep = self._conversation.before_last_said()
        asked = as_asked(prompt)
        asking = ask_for(self._conversation, asked, options, keeps_partial=keep_partial, keep=keep)
        return SessionStream(asking)

    async def run_tools(
        self,
        prompt: Asked | None,
        functions: Iterable[ToolFunction],
        *,
        max_rounds: int = 10,
        on_event: Callable[[Event], None] | None = None,
        keep_partial: bool = False,
        **options: Unpack[ChatOptions],
    ) -> ChatResponse:
        """Say something, run the functions that the model calls, and give its last answer.

        Calls of one answer run side by side, a function that is no coroutine function in a thread.
        What a function raises, and arguments that do not fit it, the model is told as a failure.
        Each answer joins the history as it comes, and so do the results: after an error,
        `run_tools(None, functions)` goes on from there.

        Args:
            prompt: As for `stream`; None: go on with the history as it stands.
            functions: Functions, described by their names, docstrings and annotations; or pairs of
                a `Tool` and its function.
            max_rounds: How many answers at most.
            on_event: Is told each event as it comes.
            keep_partial: As for `stream`.
            **options: As for `stream`; that a tool must be called holds for the first answer.

        Raises:
            BudgetExceeded: The last of the rounds still calls; its calls were not run.
            HeadwaterError: A call failed; see `headwater.errors`.
            TypeError: An option does not exist.
        """
        described = Functions(functions)
        loop = Loop(
            conversation=self._conversation,
            functions=described,
            max_rounds=max_rounds,
            on_event=on_event,
            keep_partial=keep_partial,
            options={**options, "tools": [*(options.get("tools") or ()), *described.tools]},
        )
        return await loop.run(prompt)

    # What has been said

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
            InvalidRequest: They do not follow what was said last. The results of all calls before
                them are given at once.
            SessionBusy: A turn is under way.
        """
        self._conversation.inject(*messages)

    def undo(self) -> tuple[Message, ...]:
        """Take back the last exchange: what the user said last, and all that followed.

        What it cost stays counted.

        Returns:
            The messages that were taken back; none where nothing had been said.

        Raises:
            SessionBusy: A turn is under way.
        """
        return self._conversation.undo()

    def clear(self) -> None:
        """Forget what was said; the system prompt and the counters stay.

        The store keeps it, and what comes is another conversation there.

        Raises:
            SessionBusy: A turn is under way.
        """
        self._conversation.clear()

    def fork(self) -> Self:
        """Give another session with the same history, whose counters begin anew.

        They share the runner, the store and the strategy, and nothing that is said from now on.
        """
        mine = self._conversation
        other = type(self)(mine.runner, mine.model, mine.system, store=mine.store, **mine.context)
        other._conversation.restore(mine.history.turns, ())
        return other

    # Who answers, and what it cost

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
        """Tell how the model should behave; set it, and it holds from the next turn on."""
        return self._conversation.system

    @system.setter
    def system(self, text: str | None) -> None:
        self._conversation.system = _as_system(text)

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

    # Keeping it

    @property
    def id(self) -> str | None:
        """Tell the name of the conversation in the store; None while nothing of it is kept."""
        keeping = self._conversation.keeping
        return None if keeping is None else keeping.conversation_id

    async def flush(self) -> None:
        """Write to the store what no answer has written: undone and cut turns, what was injected.

        The next answer writes it too; call this before you leave, where it matters.

        Raises:
            SessionBusy: A turn is under way.
            StorageError: It cannot be written.
        """
        await self._conversation.flush()

    @classmethod
    async def resume(
        cls,
        runner: Runner,
        store: Store,
        conversation_id: str,
        **context: Unpack[ContextOptions],
    ) -> Self:
        """Go on with a conversation of the store, counters and all.

        Args:
            runner: Carries the calls.
            store: Where it is kept, and will be.
            conversation_id: Its id, or a beginning of it that no other has.
            **context: As for the session itself.

        Raises:
            InvalidRequest: There is none, or several begin like that.
            StorageError: The store cannot be read.
        """
        kept = await store.conversation(conversation_id)
        session = cls(runner, kept.summary.model, kept.summary.system, store=store, **context)
        session._conversation.restore(kept.turns, kept.spendings)
        session._conversation.keeping = kept.keeping()
        return session

    def save(self, path: str | Path) -> None:
        """Write the session to a file of JSON Lines, wholly or not at all.

        Raises:
            StorageError: The file cannot be written.
        """
        mine = self._conversation
        saved = Saved(
            model=mine.model,
            system=mine.system,
            turns=mine.history.turns,
            spendings=mine.ledger.spendings,
        )
        save_file(path, saved)

    @classmethod
    def load(
        cls,
        runner: Runner,
        path: str | Path,
        *,
        store: Store | None = None,
        **context: Unpack[ContextOptions],
    ) -> Self:
        """Go on with a session that `save` wrote, counters and all.

        Args:
            runner: Carries the calls.
            path: The file.
            store: As for the session itself.
            **context: As for the session itself.

        Raises:
            StorageError: The file cannot be read, is none that `save` wrote, or a newer Headwater
                wrote it.
        """
        saved = load_file(path)
        session = cls(runner, saved.model, saved.system, store=store, **context)
        session._conversation.restore(saved.turns, saved.spendings)
        return session


def _as_system(text: object) -> str | None:
    if text is None or isinstance(text, str):
        return text
    raise InvalidRequest(f"expected system to be text or None, got {type(text).__name__}")
