r"""The words of the classic programs, in which a line `\end` ends each prompt."""

from __future__ import annotations

from typing import Final

from headwater import Usage

from .._show import reason_text
from ._turn import Ended

__all__ = ["EMPTY", "PROMPT", "ending_lines"]

PROMPT: Final = "You [type '\\end' in a separate line to submit prompt]:\n"
EMPTY: Final = "Input is empty. Try again."


def ending_lines(ended: Ended, max_tokens: int | None) -> str:
    """Say how an answer ended and what it used.

    Args:
        ended: How the turn ended.
        max_tokens: How much the model reads.

    Shapes:
        "[Stream finished: stop | Chunks received: 42]"
        "Token Usage: <input tokens: 9, output tokens: 42, total tokens: 51, max tokens: ?>"
    """
    usage = Usage() if ended.response is None else ended.response.usage
    counts = {
        "input tokens": usage.input_tokens,
        "output tokens": usage.output_tokens,
        "total tokens": usage.total_tokens,
        "max tokens": max_tokens,
    }
    told = ", ".join(f"{name}: {'?' if n is None else n}" for name, n in counts.items())
    return (
        f"[Stream finished: {_reason(ended)} | Chunks received: {ended.chunks}]\n"
        f"Token Usage: <{told}>"
    )


def _reason(ended: Ended) -> str:
    if ended.is_interrupted:
        return "interrupted"
    if ended.error is not None or ended.response is None:
        return "error"
    return reason_text(ended.response)
