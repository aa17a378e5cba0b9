"""What is taken out of a recording."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import Secret
from headwater.testing.strategies import slicings
from headwater.wire.redaction import REACH_BYTES, Redactor, redacted_headers, redacted_url

KEY = "sk-test/0123456789abcdef"
SECRETS = [Secret(KEY).bearer()]
ORG = "org-AbCdEf0123456789AbCdEf01"
BODY = (
    b'data: {"id":"chatcmpl-AbC0123456789xyzDEF","said":"'
    + KEY.encode()
    + b' and sk-test\\/0123456789abcdef","request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}\n\n'
    + b"data: key sk-proj-****************abcd of "
    + ORG.encode()
    + b".\n\n"
)


def redacted(slices: list[bytes]) -> list[bytes]:
    """Pass chunks through a redactor."""
    redactor = Redactor(SECRETS)
    return [chunk for piece in slices for chunk in redactor.feed(piece)] + redactor.close()


@given(st.data())
def test_nothing_is_missed_wherever_the_bytes_are_cut(data: st.DataObject) -> None:
    """Keys and ids that lie over a cut are found, and each chunk keeps its length."""
    slices = data.draw(slicings(BODY * 4))
    chunks = redacted(slices)
    assert [len(chunk) for chunk in chunks] == [len(piece) for piece in slices]
    assert b"".join(chunks) == b"".join(redacted([BODY * 4])) == Redactor(SECRETS).whole(BODY * 4)


@pytest.mark.parametrize(
    "gone",
    [
        KEY,
        KEY.replace("/", "\\/"),
        "chatcmpl-AbC0123456789xyzDEF",
        "req_011CSHoEeqs5C35K2UUqR7Fy",
        "sk-proj",
        ORG,
    ],
)
def test_what_names_somebody_goes(gone: str) -> None:
    """The key in the forms that a server writes it, ids, accounts, and what looks like a key."""
    assert gone.encode() not in Redactor(SECRETS).whole(BODY)


def test_an_id_is_stood_in_for() -> None:
    """The stand-in is of the same form, and the same each time; short ids stay as they are."""
    value = {"id": "msg_0123456789-abcDEF", "item_id": "call_1"}
    first = json.loads(Redactor().text(json.dumps(value)))
    again = json.loads(Redactor().text(json.dumps({"call_id": value["id"]})))
    assert first["id"] == again["call_id"] != value["id"]
    assert first["id"].startswith("msg_")
    assert len(first["id"]) == len(value["id"])
    assert first["item_id"] == "call_1"


def test_models_keep_their_names() -> None:
    """In a list of models the id is the name."""
    body = '{"id": "claude-sonnet-4-5-20250929"}'
    assert Redactor(keeps_ids=True).text(body) == body


def test_a_placeholder_is_no_key() -> None:
    """A key such as "data", which a local server takes, does not take the stream apart."""
    assert Redactor([Secret("data")]).text("data: x") == "data: x"


def test_what_is_held_is_bounded() -> None:
    """No more is kept back than a pattern may need."""
    redactor = Redactor(SECRETS)
    given = sum(len(chunk) for _ in range(100) for chunk in redactor.feed(b"x" * 100))
    assert 100 * 100 - given <= REACH_BYTES + 100


def test_headers_and_addresses() -> None:
    """What is known to be harmless stays; of all else the name alone."""
    headers: dict[str, str | Secret] = {
        "authorization": SECRETS[0],
        "content-type": "text/event-stream",
        "x-ratelimit-limit-requests": "7",
        "set-cookie": "session=1",
        "openai-organization": ORG,
        "x-request-id": "req_1",
    }
    kept = redacted_headers(headers, Redactor(SECRETS))
    assert kept.pop("x-request-id").startswith("req_")
    assert kept == {
        "authorization": "***",
        "content-type": "text/event-stream",
        "x-ratelimit-limit-requests": "7",
        "set-cookie": "***",
        "openai-organization": "***",
    }
    url = redacted_url("https://h.test/v1?alt=sse&key=abc", Redactor())
    assert url == "https://h.test/v1?alt=sse&key=***"
    assert redacted_url("https://h.test/v1", Redactor()) == "https://h.test/v1"
