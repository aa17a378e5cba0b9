"""Checks of what servers send besides: pings, news, odd characters, and what is damaged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from ...errors import PluginError, ProtocolError
from ...events import Event, ProviderEvent, RefusalDelta, TextDelta
from ..samples import Sample
from ._features import Feature
from ._frames import between, can_rewrite, frames, keep_alive, rewritten, unknown_frame
from ._promises import BrokenPromise, few, promise, streams
from ._running import content, difference, played
from ._subject import Subject

_NEW: Final = "conformance_new"
_NEWS: Final = {"a": [1, None, {"b": "c"}]}
_DAMAGES: Final = ("[]", '"text"', "1", "null", '{"a":}', "{", "nonsense", "\x00", '{"a":' * 9000)


def _same(subject: Subject, sample: Sample, pieces: Sequence[bytes], what: str) -> None:
    """Check that other bytes give the same events."""
    usual, came = played(subject, sample), played(subject, sample, list(pieces))
    differs = difference([*map(_without_news, came.events)], usual.events)
    if differs:
        why = f" ({type(came.error).__name__}: {came.error})" if came.error is not None else ""
        raise BrokenPromise(f"{what}: {differs}{why}", b"".join(pieces), sample=sample)


def _without_news(event: Event) -> Event:
    """Take the unknown field out of what is passed on as it came."""
    if isinstance(event, ProviderEvent) and _NEW in event.data:
        kept = {name: value for name, value in event.data.items() if name != _NEW}
        return attrs.evolve(event, data=kept)
    return event


@promise("Pings and comments anywhere change nothing.")
def keep_alives_change_nothing(subject: Subject) -> None:
    """Put one before, between and after the frames."""
    for sample in few(subject):
        ping = keep_alive(sample)
        for pieces in between(sample, ping) if ping is not None else ():
            _same(subject, sample, pieces, "with a keep-alive")


@promise("A frame of a type that nobody knows changes nothing.", feature=Feature.UNKNOWN_FRAMES)
def unknown_frames_change_nothing(subject: Subject) -> None:
    """Put one before, between and after the frames."""
    for sample in few(subject):
        news = unknown_frame(sample)
        for pieces in between(sample, news) if news is not None else ():
            _same(subject, sample, pieces, "with a frame of an unknown type")


@promise("A field that nobody knows changes nothing.")
def unknown_fields_change_nothing(subject: Subject) -> None:
    """Add one to each frame, first in it and last."""
    for sample in streams(subject):
        if can_rewrite(sample):
            first = rewritten(sample, lambda value: [_text({_NEW: _NEWS, **value})])
            last = rewritten(sample, lambda value: [_text({**value, _NEW: _NEWS})])
            _same(subject, sample, first, "with an unknown field first")
            _same(subject, sample, last, "with an unknown field last")


@promise("How the same JSON and the same lines are written does not matter.")
def spelling_does_not_matter(subject: Subject) -> None:
    """Escape all letters, or none; end lines with CR, LF and both; spread data over lines."""
    for sample in streams(subject):
        if not can_rewrite(sample):
            continue
        spellings: dict[str, Callable[[Any], Sequence[str]]] = {
            "with all letters escaped": lambda value: [json.dumps(value)],
            "with no letter escaped": lambda value: [_text(value)],
            "with blanks": lambda value: [f"  {_text(value)}  "],
        }
        if sample.media_type == "text/event-stream":
            spellings["over several lines of data"] = lambda value: json.dumps(
                value, indent=1
            ).split("\n")
        for what, spell in spellings.items():
            _same(subject, sample, rewritten(sample, spell), what)
        plain = b"".join(frames(sample)).replace(b"\r\n", b"\n")
        _same(subject, sample, [plain.replace(b"\n", b"\r\n")], "with lines that end in CRLF")
        if sample.media_type == "text/event-stream":
            _same(subject, sample, [plain.replace(b"\n", b"\r")], "with lines that end in CR")
            _same(subject, sample, [b"\xef\xbb\xbf", plain], "with a byte order mark")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


@promise("Every character passes, in any slices: line separators, emoji, accents, a NUL.")
def odd_characters_pass(subject: Subject) -> None:
    """Put odd characters into the text of each stream, raw and cut into single bytes."""
    odd = "\u2028\u2029\x85é😀\u202e"
    for sample in streams(subject):
        usual = played(subject, sample)
        deltas = [e.text for e in usual.events if isinstance(e, TextDelta | RefusalDelta)]
        longest = max((text for text in deltas if text.isascii()), key=len, default="")
        if len(longest) < 4 or longest.encode() not in sample.body:
            continue
        body = sample.body.replace(longest.encode(), f"{longest}{odd}".encode())
        came = played(subject, sample, [bytes([byte]) for byte in body])
        said = [event.text for event in usual.events if isinstance(event, TextDelta)]
        wanted = "".join(text.replace(longest, f"{longest}{odd}") for text in said)
        if came.error is not None or came.response.text != wanted:
            seen = repr(came.error) if came.error is not None else repr(came.response.text)
            raise BrokenPromise(f"expected {wanted!r}, got {seen}", body, sample=sample)


@promise("A frame that is damaged raises ProtocolError: it is not skipped, and crashes nothing.")
def damage_raises(subject: Subject) -> None:
    """Replace each frame up to the end mark with bytes that are none of the wire's."""
    for sample in few(subject, with_end=True):
        if not can_rewrite(sample):
            continue
        whole = frames(sample)
        usual = content(played(subject, sample).response)
        for place in range(len(whole)):
            for damage in _DAMAGES:
                pieces = [*whole[:place], _damaged(sample, damage), *whole[place + 1 :]]
                _check_damage(subject, sample, pieces, usual, is_json=_is_object_or_null(damage))


def _damaged(sample: Sample, damage: str) -> bytes:
    is_event = sample.media_type == "text/event-stream"
    return (f"data: {damage}\n\n" if is_event else f"{damage}\n").encode()


def _is_object_or_null(damage: str) -> bool:
    try:
        return json.loads(damage) is None or isinstance(json.loads(damage), list | str | int)
    except (ValueError, RecursionError):
        return False


def _check_damage(
    subject: Subject,
    sample: Sample,
    pieces: list[bytes],
    usual: Mapping[str, object],
    *,
    is_json: bool,
) -> None:
    came = played(subject, sample, pieces)
    shown = b"".join(pieces)
    if isinstance(came.error, PluginError):
        raise BrokenPromise(f"the plugin crashed: {came.error}", shown, sample=sample)
    if came.error is None and content(came.response) != usual and not is_json:
        raise BrokenPromise(
            f"the damaged frame was skipped, and the answer is {content(came.response)}",
            shown,
            sample=sample,
        )
    if came.error is not None and not is_json and not isinstance(came.error, ProtocolError):
        raise BrokenPromise(
            f"{type(came.error).__name__} in place of ProtocolError: {came.error}",
            shown,
            sample=sample,
        )
