"""The check that an answer is handed on as it comes."""

from __future__ import annotations

import asyncio

from ...events import Event, is_content
from ..replay import Pause, ReplayTransport
from ..samples import Sample
from ._frames import frames
from ._promises import BrokenPromise, promise, streams
from ._running import Played, played, read_into, reply_of, run, until_silent
from ._subject import Subject


@promise("What has come is handed on before more is read.")
def is_live(subject: Subject) -> None:
    """Let the server fall silent after each frame: what it has said by then must be out."""
    for sample in streams(subject):
        pieces = frames(sample)
        if len(pieces) < 3:
            continue
        _check_live(sample, pieces, played(subject, sample, pieces))
        for count in range(1, len(pieces)):
            _check_pause(subject, sample, pieces[:count])


def _check_pause(subject: Subject, sample: Sample, pieces: list[bytes]) -> None:
    """Refuse a plugin that has more to show when the bytes end than when they pause."""
    cut = played(subject, sample, pieces)
    known = [event for event in cut.events if is_content(event)]
    shown = run(lambda: _shown_at_pause(subject, sample, pieces))
    if cut.error is not None and len(known) > len(shown):
        raise BrokenPromise(
            f"{known[len(shown)]!r} comes only when the bytes end",
            b"".join(pieces),
            sample=sample,
        )


def _check_live(sample: Sample, pieces: list[bytes], usual: Played) -> None:
    """Refuse an answer in pieces whose events come all at once."""
    at = [n for n, e in zip(usual.chunks, usual.events, strict=True) if is_content(e)]
    if len(at) >= 3 and len(set(at)) == 1 and at[0] > 2:
        raise BrokenPromise(
            f"all {len(at)} events come after {at[0]} of {len(pieces)} frames were read",
            sample.body,
            sample=sample,
        )


async def _shown_at_pause(subject: Subject, sample: Sample, pieces: list[bytes]) -> list[Event]:
    """Give the contents that are out while the server is silent."""
    transport = ReplayTransport(reply_of(sample, [*pieces, Pause()]))
    shown: list[Event] = []
    reader = asyncio.create_task(read_into(shown, subject, sample, transport))
    await until_silent(transport, reader)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    return [event for event in shown if is_content(event)]
