"""Newline-delimited JSON."""

from __future__ import annotations

import pytest

from headwater import ProtocolError
from headwater.wire.ndjson import NDJSONDecoder


def test_ndjson_gives_lines() -> None:
    """Without blank ones, and without the CR that some servers send."""
    assert NDJSONDecoder().feed(b'{"a":1}\n\n \n{"b":2}\r\n{"c"') == [b'{"a":1}', b'{"b":2}']


@pytest.mark.parametrize(
    ("raw", "rest"), [(b"{}", b"{}"), (b"{}\n", None), (b" ", None), (b"", None)]
)
def test_ndjson_close_gives_what_was_not_terminated(raw: bytes, rest: bytes | None) -> None:
    """A last line without its end."""
    decoder = NDJSONDecoder()
    decoder.feed(raw)
    assert decoder.close() == rest


@pytest.mark.parametrize("raw", [b"x" * 11, b"x" * 11 + b"\n"], ids=["begun", "ended"])
def test_ndjson_a_giant_is_refused(raw: bytes) -> None:
    """Whether its end has come or not."""
    with pytest.raises(ProtocolError, match=r"more than 10 bytes.*max_event_bytes"):
        NDJSONDecoder(max_event_bytes=10).feed(raw)


def test_ndjson_what_came_before_a_giant_is_given_first() -> None:
    """And the error at the next opportunity."""
    decoder = NDJSONDecoder(max_event_bytes=10)
    assert decoder.feed(b"{}\n" + b"x" * 11 + b"\n{}\n") == [b"{}"]
    with pytest.raises(ProtocolError):
        decoder.check()
    with pytest.raises(ProtocolError):
        decoder.close()
