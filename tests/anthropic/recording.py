"""A recording: what Anthropic once answered, and what a correct client makes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from .server import Answer

__all__ = ["VARIABLE", "Recording", "as_sent_back", "recordings"]

VARIABLE = "HEADWATER_RECORDINGS"
_FRAMING = ("content-length", "transfer-encoding", "content-encoding")


@attrs.frozen
class Recording:
    """Hold one recording.

    Attributes:
        name: "provider/case".
        status: HTTP status.
        headers: The headers that were kept, but those of framing.
        is_stream: Whether the answer is a stream.
        body: The bytes.
        asked: The body of the request, None where the source has none.
        expected: What a correct client extracts.
    """

    name: str
    status: int
    headers: Mapping[str, str]
    is_stream: bool
    body: bytes = attrs.field(repr=False)
    asked: Mapping[str, Any] | None = attrs.field(repr=False)
    expected: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def answer(self) -> Answer:
        """Give what a server has to answer, cut at random."""
        return Answer(self.body, self.status, self.headers, self.name)

    def events(self) -> list[dict[str, Any]]:
        """Read the events of a stream in the simplest way."""
        lines = self.body.decode().split("\n")
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    def blocks(self) -> list[dict[str, Any]]:
        """Give the blocks of an answer, those of a stream as they stand when all was added."""
        if not self.is_stream:
            content: list[dict[str, Any]] = json.loads(self.body)["content"]
            return content
        blocks: list[dict[str, Any]] = []
        for event in self.events():
            match event:
                case {"type": "content_block_start", "content_block": block}:
                    blocks.append(block)
                case {"type": "content_block_delta", "delta": delta}:
                    _add(blocks[-1], delta)
                case _:
                    pass
        return blocks

    @classmethod
    def read(cls, folder: Path, meta: Mapping[str, Any]) -> Recording:
        """Read the files of one case."""
        headers = {name.lower(): value for name, value in (meta["headers"] or {}).items()}
        return cls(
            f"{folder.parent.name}/{folder.name}",
            meta["status"],
            {name: value for name, value in headers.items() if name not in _FRAMING},
            meta["stream"],
            (folder / "response.body").read_bytes(),
            (json.loads((folder / "request.json").read_bytes()) or {}).get("body"),
            json.loads((folder / "expected.json").read_bytes()),
        )


def recordings(api: str) -> list[Recording]:
    """Read all recordings of a wire; none where there are none on this machine."""
    where = os.environ.get(VARIABLE)
    found = sorted(Path(where).glob("*/*/meta.json")) if where else ()
    metas = [(path.parent, json.loads(path.read_bytes())) for path in found]
    return [Recording.read(folder, meta) for folder, meta in metas if meta["api"] == api]


def _add(block: dict[str, Any], delta: Mapping[str, Any]) -> None:
    match delta["type"]:
        case "text_delta" | "thinking_delta" | "signature_delta":
            key = delta["type"].removesuffix("_delta")
            block[key] = block.get(key, "") + delta[key]
        case "input_json_delta":
            raw = block.pop("raw", "") + delta["partial_json"]
            block["raw"] = raw
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        case "compaction_delta":
            block["content"] = delta["content"]
        case _:
            pass


def as_sent_back(block: dict[str, Any]) -> dict[str, Any]:
    """Give a block as it has to be sent back."""
    sent = {key: value for key, value in block.items() if key != "raw"}
    if block.get("raw"):
        sent["input"] = json.loads(block["raw"])
    if sent["type"] == "text" and not sent.get("citations"):
        sent.pop("citations", None)
    return sent
