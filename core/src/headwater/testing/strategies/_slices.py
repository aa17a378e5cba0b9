"""Bytes, and the ways in which a network cuts them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

__all__ = ["ndjson_streams", "slicings", "sse_streams"]

_FRAGMENTS = (
    b"data", b"data:", b"data: ", b"event: e", b"event:", b"id: 7", b"id: a\0b", b"id", b"retry: 5",
    b"retry: -5", b"retry: 5x", b":", b": ping", b"other: x", b" data: x", b"\n", b"\r", b"\r\n",
    b"\n\n", b"\r\r", b"\xef\xbb\xbf", b"\xef\xbb", b"\xe2\x80\xa8", b"\xe2", b"\xff", b"\x85",
    b"\x0b", b"\x0c", b"\0", b"x", b"a b", "é".encode(), "😀".encode(), b"[DONE]", b"{}",
)  # fmt: skip
_LINES = (b"data: a", b"data: b", b"data", b"event: e", b"id: 7", b"retry: 5", b": ping", b"x", b"")
_ENDS = (b"\n", b"\r\n", b"\r")
_JSON_LINES = (
    b"{}", b'{"a":1}', b"\n", b"\r\n", b"\r", b" ", b"\t", b"\xe2\x80\xa8", b"\xff", b"x",
)  # fmt: skip
_MAX_CUTS = 12


def sse_streams() -> SearchStrategy[bytes]:
    """Give bodies of server-sent events, legal and not: any bytes, fields and line ends."""
    lines = st.builds(bytes.__add__, st.sampled_from(_LINES), st.sampled_from(_ENDS))
    return st.one_of(
        st.binary(max_size=60),
        st.lists(st.sampled_from(_FRAGMENTS), max_size=30).map(b"".join),
        st.lists(lines, max_size=12).map(b"".join),
    )


def ndjson_streams() -> SearchStrategy[bytes]:
    """Give bodies of newline-delimited JSON, legal and not."""
    return st.lists(st.sampled_from(_JSON_LINES), max_size=30).map(b"".join)


def slicings(body: bytes) -> SearchStrategy[list[bytes]]:
    """Give the ways in which bytes may come: cut at some places, some slices empty.

    Shapes:
        b"abcd" -> [b"abcd"], [b"a", b"bcd"], [b"a", b"b", b"cd"], …
    """
    places = st.lists(st.integers(0, len(body)), max_size=_MAX_CUTS, unique=True).map(sorted)
    return places.map(lambda cuts: _sliced(body, cuts))


def _sliced(body: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *cuts, len(body)]
    return [body[a:b] for a, b in pairwise(edges)]
