"""A recording: what a provider once answered, and what a correct client makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

__all__ = ["VARIABLE", "Recording", "recordings"]

VARIABLE = "HEADWATER_RECORDINGS"


@attrs.frozen
class Recording:
    """Hold one recording.

    Attributes:
        name: "provider/case".
        provider: Who answered.
        api: Which wire it is.
        status: HTTP status.
        headers: The headers that were kept.
        is_stream: Whether the answer is a stream.
        body: The bytes.
        model: The model that was asked, where that is known.
        asked: The body of the request, where it is known.
        expected: What a correct client extracts.
    """

    name: str
    provider: str
    api: str
    status: int
    headers: Mapping[str, str]
    is_stream: bool
    body: bytes = attrs.field(repr=False)
    model: str | None
    asked: Mapping[str, Any] | None = attrs.field(repr=False)
    expected: Mapping[str, Any] = attrs.field(repr=False)

    @classmethod
    def read(cls, folder: Path) -> Recording:
        """Read the files of one case."""
        meta = json.loads((folder / "meta.json").read_bytes())
        request = json.loads((folder / "request.json").read_bytes()) or {}
        return cls(
            f"{folder.parent.name}/{folder.name}",
            meta["provider"],
            meta["api"],
            meta["status"],
            {name.lower(): value for name, value in (meta["headers"] or {}).items()},
            meta["stream"],
            (folder / "response.body").read_bytes(),
            request.get("model"),
            request.get("body"),
            json.loads((folder / "expected.json").read_bytes()),
        )


def recordings(api: str) -> list[Recording]:
    """Read all recordings of a wire; none where there are none on this machine."""
    where = os.environ.get(VARIABLE)
    if not where:
        return []
    found = [Recording.read(meta.parent) for meta in sorted(Path(where).glob("*/*/meta.json"))]
    return [recording for recording in found if recording.api == api]
