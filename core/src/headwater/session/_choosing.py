"""Before a turn is sent: whether it fits, and what of the history goes with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypedDict

import attrs

from ..errors import ContextTooLong, HeadwaterError, InvalidRequest, RequestError
from ..estimate import count_input
from ..messages import Message
from ..options import ChatOptions
from ..requests import ChatRequest, ModelId
from ..responses import ChatResponse
from ..runner import Runner
from ..usage import Provenance, Usage
from ._history import History
from ._window import Strategy, Trim, Window

__all__ = ["Chooser", "ContextOptions", "Sent"]

TRIES: Final = 5
RESERVE_TOKENS: Final = 4096  # for the answer, but at most a quarter of the context
UNSURE: Final = 2.0  # how far an estimate may be out before a count of this model has come
SURE: Final = 1.25  # and after
FULL: Final = 0.8  # how much of the room is enough where something is left out
LEAST: Final = 0.5  # how many tokens one of an estimate may be
MOST: Final = 4.0


@attrs.frozen
class Sent:
    """Hold what is sent.

    Attributes:
        messages: The messages, without the system prompt.
        tokens: The estimate of the whole input; None where nothing is limited.
    """

    messages: Sequence[Message]
    tokens: int | None = None


class ContextOptions(TypedDict, total=False):
    """The options of a session that say how much is sent; see `Session`."""

    max_context_tokens: int | None
    reserve_output_tokens: int | None
    strategy: Strategy | None


class Chooser:
    """Choose what of a history is sent, so that it fits.

    An estimate decides where it is far enough from the limit. Where it is not, the provider counts,
    if it can. What the provider reports of each answer corrects the estimates of the next.

    Args:
        runner: Counts.
        history: What was said.
        max_context_tokens: How much the model reads and writes; None: no limit.
        reserve_output_tokens: How much of it to leave for the answer; None: what the call allows
            with `max_output_tokens`, else 4,096, and at most a quarter.
        strategy: Chooses; None: `Trim()`.
    """

    def __init__(
        self,
        runner: Runner,
        history: History,
        *,
        max_context_tokens: int | None = None,
        reserve_output_tokens: int | None = None,
        strategy: Strategy | None = None,
    ) -> None:
        self.max_context_tokens = _tokens("max_context_tokens", max_context_tokens, 1)
        self.reserve_output_tokens = _tokens("reserve_output_tokens", reserve_output_tokens, 0)
        self.strategy = Trim() if strategy is None else strategy
        if max_context_tokens is None and (strategy or reserve_output_tokens):
            raise InvalidRequest(
                "a strategy, and reserve_output_tokens, need a limit: give max_context_tokens"
            )
        self._runner = runner
        self._history = history
        self._scales: dict[str, float] = {}  # how many tokens one of the estimate is, by model
        self._uncounted: set[str] = set()  # models whose provider cannot count

    async def choose(
        self,
        request: ChatRequest,
        asked: tuple[Message, ...],
        end: int,
        options: ChatOptions,
        ask: Callable[[ModelId, str], Awaitable[ChatResponse]],
    ) -> Sent:
        """Choose what goes with a turn.

        Args:
            request: The model, the system prompt as its first message if there is one, the tools.
            asked: The turn.
            end: Where the history ends for it.
            options: The options of the call.
            ask: Asks a model something at the cost of the session, for the strategy.

        Raises:
            ContextTooLong: There is no way to make it fit.
        """
        if self.max_context_tokens is None:
            return Sent([*self._history.messages(end), *asked])
        room = self._room(self.max_context_tokens, request)
        around = _around(request, options)
        scale = self._scale(request.model)
        lengths: set[int] = set()  # of what was tried
        tokens, found = 0, None
        for _ in range(TRIES):
            limit = int(room / scale) - around
            window = Window(self._history, end, asked, limit=limit, model=request.model, ask=ask)
            messages = await self.strategy(window)
            estimate = around + window.count(messages)
            is_whole = len(messages) >= end + len(asked)
            counted = await self._count(request.model, messages, estimate, room, is_whole, options)
            tokens = round(estimate * scale) if counted is None else counted
            if tokens <= room:
                found = Sent(messages, estimate)
            if counted is None or (found and (is_whole or counted >= FULL * room)):
                break
            if len(messages) in lengths:
                break
            lengths.add(len(messages))
            scale = self._scale(request.model)  # as the count has corrected it
        if found is not None:
            return found
        raise ContextTooLong(
            f"the messages that have to be sent are {tokens} tokens, and there is room for {room}: "
            f"max_context_tokens={self.max_context_tokens}, less a reserve for the answer"
        )

    def learn(self, model: ModelId, sent: Sent, usage: Usage) -> None:
        """Correct later estimates by what the provider reports."""
        if usage.provenance is Provenance.REPORTED and usage.input_tokens and sent.tokens:
            self._correct(model, usage.input_tokens, sent.tokens)

    def _room(self, limit: int, request: ChatRequest) -> int:
        reserve = self.reserve_output_tokens
        if reserve is None:
            reserve = min(request.max_output_tokens or RESERVE_TOKENS, limit // 4)
        return limit - reserve

    async def _count(
        self,
        model: ModelId,
        messages: Sequence[Message],
        estimate: int,
        room: int,
        is_whole: bool,
        options: ChatOptions,
    ) -> int | None:
        """Have the provider count, if it can and the estimate alone does not do.

        It does far below the limit, unless something is left out by it that nobody has checked.
        """
        name = str(model)
        is_sure = name in self._scales
        at_most = estimate * max(self._scale(model), 1.0) * (SURE if is_sure else UNSURE)
        if name in self._uncounted or (at_most <= room and (is_whole or is_sure)):
            return None
        try:
            usage = await self._runner.count_usage(model, messages, **options)
        except HeadwaterError as error:  # what is wrong, the send itself will say
            if isinstance(error, RequestError):
                self._uncounted.add(name)  # a server without that address, as a rule
            return None
        if usage.provenance is not Provenance.REPORTED or usage.input_tokens is None:
            self._uncounted.add(name)
            return None
        self._correct(model, usage.input_tokens, estimate)
        return usage.input_tokens

    def _scale(self, model: ModelId) -> float:
        return self._scales.get(str(model), 1.0)

    def _correct(self, model: ModelId, counted: int, estimate: int) -> None:
        """Note how far an estimate was out, within reason: a count may be of something else."""
        self._scales[str(model)] = min(max(counted / max(estimate, 1), LEAST), MOST)


def _around(request: ChatRequest, options: ChatOptions) -> int:
    """Estimate what is sent beside the messages: the system prompt, the tools, a schema."""
    has_system = options.get("system") is not None
    return count_input(attrs.evolve(request, messages=request.messages[:has_system]))


def _tokens(name: str, value: int | None, least: int) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidRequest(f"expected {name} to be a whole number, got {value!r}")
    if value is not None and value < least:
        raise InvalidRequest(f"expected {name} to be at least {least}, got {value}")
    return value
