"""A bounded loop of tool calls: ask, run what is called, give the results, ask again."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ..errors import BudgetExceeded, InvalidRequest
from ..events import Event, FinishReason
from ..messages import Message, Role
from ..options import ChatOptions
from ..parts import ToolResult
from ..responses import ChatResponse
from ..tools import ToolChoice
from ._asked import Asked, as_asked
from ._asking import ask_for
from ._conversation import Conversation
from ._functions import Functions
from ._stream import SessionStream

__all__ = ["Loop"]


def _rounds(value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidRequest(f"expected max_rounds to be a whole number from 1, got {value!r}")
    return value


@attrs.frozen(kw_only=True)
class Loop:
    """Hold how a loop is run.

    Attributes:
        conversation: Where it is said.
        functions: What the model may call.
        max_rounds: How many answers at most.
        on_event: Is told each event.
        keep_partial: As for `Session.stream`.
        options: As for `Session.stream`.
    """

    conversation: Conversation
    functions: Functions
    max_rounds: int = attrs.field(converter=_rounds)
    on_event: Callable[[Event], None] | None
    keep_partial: bool
    options: ChatOptions

    async def run(self, prompt: Asked | None) -> ChatResponse:
        """Ask until an answer calls nothing.

        Raises:
            BudgetExceeded: The last of the rounds still calls.
            HeadwaterError: A call failed.
        """
        if prompt is None:
            await self._answer_calls()
        options = self.options
        response = await self._ask(prompt, options)
        for _ in range(self.max_rounds - 1):
            if _is_done(response):
                return response
            await self._answer_calls()
            options = _freed(options)
            response = await self._ask(None, options)
        if _is_done(response):
            return response
        self._refuse_calls(f"not run: this was the last of {self.max_rounds} rounds")
        error = BudgetExceeded(
            f"the model still calls tools after max_rounds={self.max_rounds} answers; allow more "
            "with max_rounds",
            limit=self.max_rounds,
            spent=self.max_rounds,
        )
        error.partial = response
        raise error

    async def _ask(self, prompt: Asked | None, options: ChatOptions) -> ChatResponse:
        asked = () if prompt is None else as_asked(prompt)
        asking = ask_for(self.conversation, asked, options, keeps_partial=self.keep_partial)
        async with SessionStream(asking) as stream:
            async for event in stream:
                if self.on_event is not None:
                    self.on_event(event)
        return stream.response

    async def _answer_calls(self) -> None:
        """Run what the last answer calls; however that ends, each call has a result."""
        calls = self.conversation.open_calls()
        try:
            results = await self.functions.run(calls)
        except BaseException:
            self._refuse_calls("cancelled before it was done")
            raise
        self._give(results)

    def _refuse_calls(self, why: str) -> None:
        calls = self.conversation.open_calls()
        self._give([ToolResult(call.call_id, why, is_error=True) for call in calls])

    def _give(self, results: list[ToolResult]) -> None:
        if results:
            self.conversation.inject(*(Message(Role.TOOL, result) for result in results))


def _is_done(response: ChatResponse) -> bool:
    return not response.tool_calls and response.finish_reason is not FinishReason.PAUSE


def _freed(options: ChatOptions) -> ChatOptions:
    """Let the model stop calling: that it must call is meant for the first answer."""
    if options.get("tool_choice") in (None, ToolChoice.AUTO, ToolChoice.NONE):
        return options
    return {**options, "tool_choice": ToolChoice.AUTO}
