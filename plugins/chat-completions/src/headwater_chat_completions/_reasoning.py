"""Reasoning details: the text in them, and keeping them to be sent back; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from headwater import JSONObject

__all__ = ["Details", "text_of"]

_TEXT_KEYS: Final = ("text", "summary")


def text_of(details: Sequence[Any]) -> str:
    """Join the text of reasoning details, for servers that give it nowhere else."""
    return "".join(
        detail[key]
        for detail in details
        if isinstance(detail, dict)
        for key in _TEXT_KEYS
        if isinstance(detail.get(key), str)
    )


class Details:
    """Collect the reasoning details of a stream as the server wants them back.

    The pieces of one detail, which follow each other with one type and index, are joined to what
    they are pieces of.

    Source:
        FORMATS 8, OpenRouter: `reasoning_details` go back unchanged.
    """

    def __init__(self) -> None:
        self._details: list[dict[str, Any]] = []
        self._texts: dict[str, list[str]] = {}  # the pieces of the last detail's text, by key

    def add(self, pieces: Sequence[Any]) -> None:
        """Take the details of one delta; what is no object is passed over."""
        for place, piece in enumerate(pieces):
            if isinstance(piece, dict):
                if place > 0 or not self._continues(piece):
                    self._close()
                    self._details.append({})
                self._join(piece)

    def replay(self) -> JSONObject:
        """Give what was collected, as `Reasoning.replay` holds it."""
        self._close()
        return {"reasoning_details": self._details}

    def _continues(self, piece: dict[str, Any]) -> bool:
        """Tell whether a piece belongs to the last detail: one type and place, and text to add."""
        if not self._texts:
            return False
        last = self._details[-1]
        return all(last.get(key) == piece.get(key) for key in ("type", "index"))

    def _join(self, piece: dict[str, Any]) -> None:
        last = self._details[-1]
        for key, value in piece.items():
            if key in _TEXT_KEYS and isinstance(value, str):
                self._texts.setdefault(key, []).append(value)
                last.setdefault(key, "")
            elif value is not None or key not in last:
                last[key] = value

    def _close(self) -> None:
        if self._details:
            self._details[-1].update({key: "".join(texts) for key, texts in self._texts.items()})
        self._texts = {}
