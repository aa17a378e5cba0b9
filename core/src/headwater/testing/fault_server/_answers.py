"""Scripts of whole answers, right or wrong: HTTP as bytes."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final

import attrs

from ._steps import Drip, End, Raw, Repeat, Script, Step, data_of, is_last

PING: Final = b": ping\n\n"
LAST_CHUNK: Final = b"0\r\n\r\n"

_GZIP: Final = 31  # zlib's window bits for the format of gzip


class Framing(StrEnum):
    """How a client learns where a body ends."""

    CHUNKED = "chunked"
    SIZED = "content-length"
    CLOSED = "close"


def respond(
    *body: Step,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str | None = None,
    framing: Framing = Framing.CHUNKED,
    short_by_bytes: int = 0,
    gzipped: bool = False,
) -> Script:
    r"""Make the script of an answer.

    The answer is whole unless its body says otherwise: after `Stall`, `End`, `Reset` or an endless
    `Repeat` nothing follows, the mark that ends the body neither.

    Args:
        *body: What the body says, and when. Bytes are framed, one chunk for each step; what stands
            in `Raw` is not.
        status: The status.
        headers: More headers, or other ones than those that are sent of themselves.
        media_type: The content type; None for an event stream, or JSON with a status of 400 and
            more.
        framing: How the client learns where the body ends.
        short_by_bytes: How many bytes more the content-length claims than come.
        gzipped: Compress the body, each step so that it can be read at once.

    Shapes:
        respond(b"data: a\n\n", Wait(1), b"data: b\n\n", Reset())
        respond(b'{"error": "slow down"}', status=429, headers={"retry-after": "2"})
        respond(b"data: a\n\n", End(), framing=Framing.SIZED, short_by_bytes=50)
    """
    named = {"content-type": media_type or _media_type(status)}
    if gzipped:
        body = tuple(_compressed(body))
        named["content-encoding"] = "gzip"
    is_whole = not (body and is_last(body[-1]))
    if framing is Framing.CHUNKED:
        named["transfer-encoding"] = "chunked"
        end: Script = [LAST_CHUNK] if is_whole else []
        body = tuple(_changed(step, chunk) for step in body)
    elif framing is Framing.SIZED:
        named["content-length"] = str(sum(map(len, map(data_of, body))) + short_by_bytes)
        end = []
    else:
        named["connection"] = "close"
        end = [End()] if is_whole else []
    named.update({name.lower(): value for name, value in (headers or {}).items()})
    return _joined([head(status, named), *body, *end])


def head(status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """Make the head of an answer, for a script that frames the body itself."""
    lines = [f"HTTP/1.1 {status} Scripted"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Frame bytes as one chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def giant_line(size_bytes: int) -> Repeat:
    """Make a piece of a line that is so long, rounded up to 64 KiB."""
    return Repeat(b"x" * 2**16, times=-(-size_bytes // 2**16))


def garbage(size_bytes: int, seed: int = 0) -> Raw:
    """Make bytes that mean nothing, the same ones for the same seed."""
    return Raw(random.Random(seed).randbytes(size_bytes))


def _media_type(status: int) -> str:
    return "text/event-stream" if status < 400 else "application/json"


def _changed(step: Step, change: Callable[[bytes], bytes]) -> Step:
    match step:
        case bytes():
            return change(step)
        case Drip(data=data) | Repeat(data=data):
            return attrs.evolve(step, data=change(data))
        case _:
            return step


def _compressed(body: Script) -> Iterator[Step]:
    """Compress the steps as one stream.

    A `Repeat` is taken apart: what it sends the second time depends on the first.
    """
    packer = zlib.compressobj(wbits=_GZIP)
    for step in body:
        match step:
            case bytes():
                yield packer.compress(step) + packer.flush(zlib.Z_SYNC_FLUSH)
            case Drip() | Repeat():
                packed = packer.compress(data_of(step)) + packer.flush(zlib.Z_SYNC_FLUSH)
                yield attrs.evolve(step, data=packed) if isinstance(step, Drip) else packed
            case _:
                yield step
    if not (body and is_last(body[-1])):
        yield packer.flush()


def _joined(steps: Script) -> Script:
    """Join bytes that follow one another, so that they leave in one piece."""
    joined: list[Step] = []
    for step in steps:
        if isinstance(step, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += step
        else:
            joined.append(step)
    return joined
