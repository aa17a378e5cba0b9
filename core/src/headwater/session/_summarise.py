"""A strategy that has the oldest of a conversation told in short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ..messages import Message, Role, user
from ..parts import Media, Text, ToolCall, ToolResult
from ..requests import ModelId
from ._window import Window

__all__ = ["Summarise"]

INSTRUCTIONS: Final = (
    "Below is the beginning of a conversation between a user and an assistant. Tell it in short "
    "for the assistant who goes on with it: what the user wants, what was found and decided, names "
    "and figures that matter, what is open. Nothing else."
)
HEADING: Final = "What was said before, in short:"


class Summarise:
    """Have what does not fit told in short, by a model, and send that in its place.

    The history itself stays whole. Where that is still too long, the oldest is left out as `Trim`
    does. One object for each session.

    Args:
        model: Who tells it; None: the model of the session.
        keeps: Which share of the room the newest messages may have when the rest is told in short;
            the smaller, the less often.
        instructions: What the model is told to do.
    """

    def __init__(
        self,
        model: str | ModelId | None = None,
        *,
        keeps: float = 0.5,
        instructions: str = INSTRUCTIONS,
    ) -> None:
        self._model = None if model is None else ModelId.parse(model)
        self._keeps = keeps
        self._instructions = instructions
        self._summary: Message | None = None
        self._told = 0  # how many messages of the history the summary covers
        self._last: Message | None = None  # the last of them, to see that it is the same history

    async def __call__(self, window: Window, /) -> Sequence[Message]:
        """Give the summary, if one is needed, and what came after."""
        history = window.history
        if self._told and (len(history) < self._told or history[self._told - 1] is not self._last):
            self._summary, self._told = None, 0  # undone, cleared, or another session
        messages = self._with_summary(history[self._told :], window)
        if window.count(messages) <= window.limit:
            return messages
        kept = {id(message) for message in window.trimmed(int(window.limit * self._keeps))}
        first = next(
            (
                place
                for place, message in enumerate(history)
                if id(message) in kept and message.role is not Role.SYSTEM
            ),
            len(history),
        )
        if first > self._told:
            await self._tell(history, first, window)
        messages = self._with_summary(history[self._told :], window)
        return messages if window.count(messages) <= window.limit else window.trimmed()

    def _with_summary(self, rest: Sequence[Message], window: Window) -> list[Message]:
        said = [*rest, *window.asked]
        return said if self._summary is None else [self._summary, *said]

    async def _tell(self, history: Sequence[Message], end: int, window: Window) -> None:
        told = [] if self._summary is None else [self._summary]
        lines = _lines([*told, *history[self._told : end]])
        prompt = f"{self._instructions}\n\n" + "\n".join(lines)
        response = await window.ask(self._model or window.model, prompt)
        self._summary = user(f"{HEADING}\n{response.text}")
        self._told, self._last = end, history[end - 1]


def _lines(messages: Iterable[Message]) -> list[str]:
    """Write messages as a play."""
    lines: list[str] = []
    for message in messages:
        for part in message.parts:
            match part:
                case Text(text=text) if text.strip():
                    lines.append(f"{message.role}: {text}")
                case ToolCall(name=name, raw_arguments=arguments):
                    lines.append(f"{message.role} calls {name}: {arguments}")
                case ToolResult(text=text):
                    lines.append(f"{message.role}: {text}")
                case Media():
                    lines.append(f"{message.role} shows {part.name or part.kind}")
                case _:
                    pass
    return lines
