"""What a fuzzer begins with: sample answers and refusals of the wire that a target reads."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from headwater.testing import payloads
from headwater.testing.payloads import Wire

__all__ = ["REGRESSIONS", "regressions", "seeds"]

REGRESSIONS: Final = Path(__file__).parent / "regressions"

_WIRES: Final = {
    "sse": Wire.ANTHROPIC,
    "ndjson": Wire.OLLAMA,
    "anthropic": Wire.ANTHROPIC,
    "chat-completions": Wire.CHAT_COMPLETIONS,
    "google": Wire.GEMINI,
    "ollama": Wire.OLLAMA,
    "responses": Wire.RESPONSES,
}
_SAID: Final = (
    payloads.Said(),
    payloads.Said(
        reasoning=("So", "."),
        calls=(payloads.SampleCall(), payloads.SampleCall("f", ('{"a', '": 1}'), call_id="call_2")),
    ),
)


def seeds(target: str) -> list[bytes]:
    """Give inputs of a target that reach far into it."""
    wire = _WIRES[target.removesuffix("-errors")]
    if target.endswith("-errors"):
        return [
            bytes([status - 400]) + b"7\n" + payloads.error_body(wire, status)
            for status in (400, 401, 404, 429, 500, 503)
        ]
    head = b"\x03" if target in ("sse", "ndjson") else b"\x03\x00"
    bodies = [b"".join(payloads.stream(wire, said)) for said in _SAID]
    bodies += [payloads.whole(wire, said) for said in _SAID]
    bodies.append(bodies[0] + payloads.error_frame(wire, 500))
    return [head + body for body in bodies]


def regressions(target: str) -> list[Path]:
    """List the cases of a target that were found once."""
    return sorted((REGRESSIONS / target).glob("*"))
