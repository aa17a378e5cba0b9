"""One turn of a conversation: what was said, what came back, and what it took."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import attrs

from .messages import Message, Role
from .requests import ModelId
from .responses import ChatResponse
from .usage import Usage

__all__ = ["Spending", "Turn", "spoken"]


@attrs.frozen
class Spending:
    """Hold what one call used.

    Attributes:
        model: The model that was asked.
        usage: Its token counts.
        at: When it was asked.
    """

    model: ModelId
    usage: Usage
    at: datetime


def _now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen
class Turn:
    """Hold what one call added to a history: what was said to the model, and its answer.

    Attributes:
        asked: The messages that went out for the first time: as a rule one of the user, or the
            results of tools.
        response: The answer; None for messages that were put in without asking.
        model: The model that was asked; None where none was.
        first_content_s: From the call to the first content; None where it was not streamed.
        total_s: From the call to the end of the answer.
        is_interrupted: Whether the answer was cut and kept all the same; its `response` is the cut
            answer as it came, the message in the history its text alone.
        started_at: When it was asked.
    """

    asked: tuple[Message, ...]
    response: ChatResponse | None = None
    model: ModelId | None = attrs.field(default=None, kw_only=True)
    first_content_s: float | None = attrs.field(default=None, kw_only=True)
    total_s: float | None = attrs.field(default=None, kw_only=True)
    is_interrupted: bool = attrs.field(default=False, kw_only=True)
    started_at: datetime = attrs.field(factory=_now, kw_only=True)

    @property
    def answer(self) -> Message | None:
        """Give the answer as it stands in the history."""
        if self.response is None:
            return None
        return spoken(self.response) if self.is_interrupted else self.response.message

    @property
    def messages(self) -> tuple[Message, ...]:
        """List what the turn added to the history."""
        answer = self.answer
        return self.asked if answer is None else (*self.asked, answer)

    @property
    def usage(self) -> Usage:
        """Give the token counts of the call."""
        return Usage() if self.response is None else self.response.usage

    @property
    def cost(self) -> Decimal | None:
        """Give what the call cost in US dollars; None where no price or no count is known.

        Raises:
            ConfigurationError: The extra `headwater[prices]` is not installed.
        """
        if self.model is None:
            return None
        from .prices import cost_of  # only where cost is asked for: an extra

        return cost_of(self.model, self.usage, at=self.started_at)


def spoken(response: ChatResponse) -> Message:
    """Give what of a cut answer may go back to any provider: its text.

    Half an answer may hold calls that nobody answered, and sealed parts that are valid only
    together with what did not come.
    """
    return Message(Role.ASSISTANT, response.text)
