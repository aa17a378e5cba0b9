"""The session for code without an event loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from ..events import Event
from ..messages import Message
from ..options import ChatOptions
from ..requests import ModelId
from ..responses import ChatResponse
from ..session import Asked, ContextOptions, ToolFunction, Turn
from ..session import Session as AsyncSession
from ..session import SessionStream as AsyncSessionStream
from ..usage import Usage
from ._handover import HandOver
from ._runner import Runner, within
from ._saying import Paced, Saying
from ._stream import SessionStream

if TYPE_CHECKING:
    from ..store import Store

__all__ = ["Session"]

T = TypeVar("T")


class Session:
    """Hold a conversation, as `headwater.session.Session` does, which does the work.

    What changes the conversation is done in the thread of the runner's loop, so that threads may
    share a session: it still takes one turn at a time.

    Args:
        runner: Carries the calls; the session does not close it.
        model: As for `headwater.session.Session`.
        system: As for `headwater.session.Session`.
        store: As for `headwater.session.Session`; closed with the runner.
        **context: As for `headwater.session.Session`.

    Raises:
        InvalidRequest: An argument is wrong in itself.

    Shapes:
        session = Session(runner, "openai/gpt-5-mini", system="Be brief.")
        with session.stream("Hello") as stream:
            for text in stream.text(): ...
        response = session.send("And then?")
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
        session = AsyncSession(within(runner), model, system, store=store, **context)
        self._hold(runner, session, store)

    def _hold(self, runner: Runner, session: AsyncSession, store: Store | None) -> None:
        self._runner = runner
        self._session = session
        self._store = store
        self._last: HandOver | None = None
        if store is not None:
            runner._closing.add(store)

    # --- asking

    def stream(
        self, prompt: Asked, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> SessionStream:
        """Say something, and stream the answer; see `headwater.session.Session.stream`."""
        return self._begin(
            lambda session: session.stream(prompt, keep_partial=keep_partial, **options)
        )

    def send(
        self, prompt: Asked, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> ChatResponse:
        """Say something, and get the whole answer; see `headwater.session.Session.send`."""
        self._settle()
        return self._runner._thread.run(
            lambda: self._session.send(prompt, keep_partial=keep_partial, **options)
        )

    def stream_current(
        self, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> SessionStream:
        """Stream the answer to the history; see `headwater.session.Session.stream_current`."""
        return self._begin(
            lambda session: session.stream_current(keep_partial=keep_partial, **options)
        )

    def retry(self, *, keep_partial: bool = False, **options: Unpack[ChatOptions]) -> SessionStream:
        """Say the last thing again, and stream; see `headwater.session.Session.retry`."""
        return self._begin(lambda session: session.retry(keep_partial=keep_partial, **options))

    def edit(
        self, prompt: Asked, *, keep_partial: bool = False, **options: Unpack[ChatOptions]
    ) -> SessionStream:
        """Say something in place of the last thing; see `headwater.session.Session.edit`."""
        return self._begin(
            lambda session: session.edit(prompt, keep_partial=keep_partial, **options)
        )

    def run_tools(
        self,
        prompt: Asked | None,
        functions: Iterable[ToolFunction],
        *,
        max_rounds: int = 10,
        on_event: Callable[[Event], None] | None = None,
        keep_partial: bool = False,
        **options: Unpack[ChatOptions],
    ) -> ChatResponse:
        """Run the functions that the model calls; see `headwater.session.Session.run_tools`.

        The functions run in threads of their own, so that they may use the runner. `on_event` is
        called in the calling thread, and the answer waits for it.
        """
        ask = partial(
            self._session.run_tools,
            prompt,
            functions,
            max_rounds=max_rounds,
            keep_partial=keep_partial,
        )
        self._settle()
        if on_event is None:
            return self._runner._thread.run(lambda: ask(**options))

        def work(saying: Saying[Event]) -> Coroutine[Any, Any, ChatResponse]:
            layers = options.get("middleware")
            if layers is None:
                layers = self._runner.middleware
            paced: ChatOptions = {**options, "middleware": [Paced(saying), *layers]}
            return ask(on_event=saying.say, **paced)

        return self._runner._thread.run_heard(work, on_event)

    # --- what has been said

    @property
    def messages(self) -> tuple[Message, ...]:
        """List the history, without the system prompt."""
        return self._session.messages

    @property
    def turns(self) -> tuple[Turn, ...]:
        """List the turns of the history, each with its answer, usage, cost and timings."""
        return self._session.turns

    @property
    def last_partial(self) -> ChatResponse | None:
        """Give the cut answer of the last turn; None where it was whole, or nothing came."""
        self._settle()
        return self._session.last_partial

    @property
    def is_busy(self) -> bool:
        """Tell whether a turn is under way."""
        self._settle()
        return self._session.is_busy

    def inject(self, *messages: Message) -> None:
        """Put messages in the history; see `headwater.session.Session.inject`."""
        self._do(lambda: self._session.inject(*messages))

    def undo(self) -> tuple[Message, ...]:
        """Take back the last exchange; see `headwater.session.Session.undo`."""
        return self._do(self._session.undo)

    def clear(self) -> None:
        """Forget what was said; see `headwater.session.Session.clear`."""
        self._do(self._session.clear)

    def fork(self) -> Self:
        """Give another session with the same history; see `headwater.session.Session.fork`."""
        return self._of(self._runner, self._do(self._session.fork), self._store)

    # --- who answers

    @property
    def model(self) -> ModelId:
        """Tell which model answers."""
        return self._session.model

    def switch_model(self, model: str | ModelId) -> None:
        """Let another model answer from the next turn on.

        Raises:
            InvalidRequest: It is no model id.
        """
        self._session.switch_model(model)

    @property
    def system(self) -> str | None:
        """Tell how the model should behave; a change holds from the next turn on."""
        return self._session.system

    @system.setter
    def system(self, text: str | None) -> None:
        self._session.system = text

    # --- what it cost

    @property
    def usage(self) -> Usage:
        """Add up the tokens of all calls: those cut, undone, retried and cleared included."""
        self._settle()
        return self._session.usage

    @property
    def cost(self) -> Decimal | None:
        """Add up what all calls cost; see `headwater.session.Session.cost`."""
        return self._do(lambda: self._session.cost)

    # --- keeping it

    @property
    def id(self) -> str | None:
        """Tell the name of the conversation in the store; None while nothing of it is kept."""
        return self._session.id

    @classmethod
    def resume(
        cls,
        runner: Runner,
        store: Store,
        conversation_id: str,
        **context: Unpack[ContextOptions],
    ) -> Self:
        """Go on with a conversation of the store; see `headwater.session.Session.resume`."""
        inner = within(runner)
        runner._closing.add(store)
        session = runner._thread.run(
            lambda: AsyncSession.resume(inner, store, conversation_id, **context)
        )
        return cls._of(runner, session, store)

    def flush(self) -> None:
        """Write to the store what no answer has written; see `headwater.session.Session.flush`."""
        self._settle()
        self._runner._thread.run(self._session.flush)

    def save(self, path: str | Path) -> None:
        """Write the session to a file; see `headwater.session.Session.save`."""
        self._do(lambda: self._session.save(path))

    @classmethod
    def load(
        cls,
        runner: Runner,
        path: str | Path,
        *,
        store: Store | None = None,
        **context: Unpack[ContextOptions],
    ) -> Self:
        """Go on with a session that `save` wrote; see `headwater.session.Session.load`."""
        session = AsyncSession.load(within(runner), path, store=store, **context)
        return cls._of(runner, session, store)

    @classmethod
    def _of(cls, runner: Runner, session: AsyncSession, store: Store | None) -> Self:
        made = cls.__new__(cls)
        made._hold(runner, session, store)
        return made

    def _begin(self, ask: Callable[[AsyncSession], AsyncSessionStream]) -> SessionStream:
        stream = self._do(lambda: ask(self._session))
        # One at a time, so that the session knows just what its reader has been handed.
        self._last = HandOver(self._runner._thread, stream, limit=1, owner=self._runner)
        return SessionStream(self._last, stream)

    def _do(self, act: Callable[[], T]) -> T:
        """Do something in the thread of the loop, where turns are under way."""

        async def work() -> T:
            return act()

        self._settle()
        return self._runner._thread.run(work)

    def _settle(self) -> None:
        """Wait until a stream that was left, and not closed, has given its turn back."""
        if self._last is not None and self._last.is_closed:
            self._last.close()
            self._last = None
