"""Recordings: what a server once answered, and what a correct client makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from .loopback import Answer

__all__ = ["VARIABLE", "Recording", "recordings"]

VARIABLE = "HEADWATER_RECORDINGS"


@attrs.frozen
class Recording:
    """Hold one recording.

    Attributes:
        name: "provider/case".
        is_stream: Whether the answer is a stream.
        answer: What to serve.
        model: The model that was asked.
        asked: The body of the request, where it is known.
        expected: What a correct client extracts.
    """

    name: str
    is_stream: bool
    answer: Answer = attrs.field(repr=False)
    model: str
    asked: Mapping[str, Any] | None = attrs.field(repr=False)
    expected: Mapping[str, Any] = attrs.field(repr=False)


def _read(folder: Path, meta: Mapping[str, Any]) -> Recording:
    headers = {name.lower(): value for name, value in (meta["headers"] or {}).items()}
    request = json.loads((folder / "request.json").read_bytes()) or {}
    return Recording(
        f"{folder.parent.name}/{folder.name}",
        meta["stream"],
        Answer(
            (folder / "response.body").read_bytes(),
            meta["status"],
            headers.get("content-type", "application/octet-stream"),
        ),
        request.get("model") or "some-model",
        request.get("body"),
        json.loads((folder / "expected.json").read_bytes()),
    )


def recordings(api: str) -> list[Recording]:
    """Read all recordings of a wire; none where there are none on this machine."""
    where = os.environ.get(VARIABLE)
    if not where:
        return []
    files = sorted(Path(where).glob("*/*/meta.json"))
    found = [(file.parent, json.loads(file.read_bytes())) for file in files]
    return [_read(folder, meta) for folder, meta in found if meta["api"] == api]
