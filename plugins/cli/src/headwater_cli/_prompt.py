"""What is asked: the prompt, standard input and the attachments as one message."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import click

from headwater import Message, user

from ._attach import read_attachment

__all__ = ["read_message"]

_MAX_INPUT_BYTES: Final = 50 * 2**20  # no provider takes more inline


def read_message(prompt: str | None, attachments: Sequence[str]) -> str | Message:
    """Join prompt and standard input, and put the attachments before them.

    Raises:
        click.UsageError: Standard input is too large, or no text.
        InvalidRequest: An attachment cannot be sent.
    """
    parts = [read_attachment(place) for place in attachments]
    text = _joined(prompt or "", "" if sys.stdin.isatty() else _input_text())
    if not parts:
        return text
    return user(*parts, text) if text.strip() else user(*parts)


def _joined(prompt: str, given: str) -> str:
    if not prompt.strip() or not given.strip():
        return prompt if prompt.strip() else given
    return f"{prompt}\n\n{given}"


def _input_text() -> str:
    """Read standard input, as UTF-8 whatever the locale says: that is what pipes carry."""
    content = sys.stdin.buffer.read(_MAX_INPUT_BYTES + 1)
    if len(content) > _MAX_INPUT_BYTES:
        raise click.UsageError(
            f"standard input is larger than the {_MAX_INPUT_BYTES // 2**20} MiB that a request can "
            "carry"
        )
    try:
        return content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.UsageError(
            "standard input is no text in UTF-8; attach a file with -a"
        ) from None
