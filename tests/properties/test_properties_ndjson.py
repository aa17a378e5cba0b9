"""Newline-delimited JSON: the decoder against a split of the whole, in any slices."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from headwater import ProtocolError
from headwater.testing.strategies import ndjson_streams
from headwater.wire.ndjson import NDJSONDecoder

raws = ndjson_streams()
cuts = st.lists(st.integers(0, 100), max_size=12)


def sliced(raw: bytes, at: Sequence[int]) -> list[bytes]:
    """Cut bytes at some places."""
    places = sorted({min(place, len(raw)) for place in at})
    return [raw[a:b] for a, b in zip([0, *places], [*places, len(raw)], strict=True)]


def read(slices: Sequence[bytes], limit: int = 2**20) -> tuple[list[bytes], bytes | None, bool]:
    """Give the lines, what the end left over, and whether the size limit was passed."""
    decoder = NDJSONDecoder(max_event_bytes=limit)
    lines: list[bytes] = []
    try:
        for piece in slices:
            lines += decoder.feed(piece)
            decoder.check()
        return lines, decoder.close(), False
    except ProtocolError:
        return lines, None, True


@given(raw=raws)
def test_ndjson_is_a_split_at_line_feeds(raw: bytes) -> None:
    """Lines are what stands between line feeds, without the white space round them."""
    *ended, rest = [line.strip() for line in raw.split(b"\n")]
    assert read([raw]) == ([line for line in ended if line], rest or None, False)


@given(raw=raws, at=cuts)
def test_ndjson_slices_do_not_matter(raw: bytes, at: list[int]) -> None:
    """Cutting the bytes anywhere gives the same lines, and the same rest."""
    assert read(sliced(raw, at)) == read([raw])


@given(raw=raws, at=cuts, limit=st.integers(1, 20))
def test_ndjson_the_size_limit_does_not_depend_on_slices(
    raw: bytes, at: list[int], limit: int
) -> None:
    """Whether a limit is passed, and which lines come before it, is a matter of bytes alone."""
    assert read(sliced(raw, at), limit) == read([raw], limit)


def test_ndjson_a_long_line_that_drips_in_is_kept_whole() -> None:
    """A line in slices of one byte comes out once, at its end."""
    decoder = NDJSONDecoder()
    line = b'"' + b"x" * 10_000 + b'"'
    for byte in line:
        assert decoder.feed(bytes([byte])) == []
    assert decoder.feed(b"\n") == [line]
