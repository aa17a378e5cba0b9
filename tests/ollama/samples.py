"""Answers as Ollama gives them, written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["DONE", "THOUGHT_AND_CALLS", "lines", "said"]

DONE: Mapping[str, object] = {
    "model": "m",
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 11,
    "eval_count": 7,
    "total_duration": 900,
    "load_duration": 100,
    "prompt_eval_duration": 300,
    "eval_duration": 500,
}


def said(**message: object) -> dict[str, object]:
    """Give a line in which the model says something."""
    return {"model": "m", "message": {"role": "assistant", **message}, "done": False}


def lines(*values: object) -> bytes:
    """Give lines as bytes, with letters of several bytes left as they are."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


THOUGHT_AND_CALLS = lines(
    said(content="", thinking="Two cities, "),
    said(content="", thinking="zwei Städte."),
    said(content="Let me look 🍓. "),
    said(content="", tool_calls=[{"function": {"name": "w", "arguments": {"city": "Ørsta"}}}]),
    said(content="And there."),
    {
        **said(content="", tool_calls=[{"id": "c2", "function": {"name": "w", "arguments": {}}}]),
        **DONE,
    },
)
