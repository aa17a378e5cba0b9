"""Laws of the values: folding, adding, parsing, and what never raises."""

from __future__ import annotations

import math

import attrs
from hypothesis import example, given
from hypothesis import strategies as st

from headwater import (
    ChatResponse,
    InvalidRequest,
    ModelId,
    ProtocolError,
    Usage,
    fold,
)
from headwater.errors import printable
from headwater.responses import unfold
from headwater.testing.strategies import responses, usages
from headwater.wire.status import ErrorBody, retry_after_s


@given(one=usages(), two=usages(), three=usages())
def test_usage_addition_is_associative(one: Usage, two: Usage, three: Usage) -> None:
    """Answers may be added up in any grouping."""
    assert (one + two) + three == one + (two + three)


@given(one=usages(), two=usages())
def test_usage_addition_does_not_depend_on_order(one: Usage, two: Usage) -> None:
    """Nor does the order matter."""
    assert one + two == two + one


@given(response=responses())
def test_folding_undoes_unfolding(response: ChatResponse) -> None:
    """An answer told as events is the same answer."""
    assert fold(unfold(response)) == response


@given(response=responses())
def test_a_partial_answer_unfolds_without_its_end(response: ChatResponse) -> None:
    """No end is invented for an answer that has none."""
    partial = attrs.evolve(response, finish_reason=None)
    assert fold(unfold(partial)).finish_reason is None


@given(text=st.text())
@example("\ud800")
@example("a\x1b[2J\u202e\u2028")
def test_printable_never_raises_and_steers_nothing(text: str) -> None:
    """Whatever comes, nothing is left in it that would steer a terminal or forge a line."""
    shown = printable(text)
    assert not any(
        (ord(char) < 32 and char not in "\t\n") or char in "\x7f\x9b\u2028\u2029\u202e\u2066"
        for char in shown
    )


@given(text=st.text())
def test_printable_twice_is_once(text: str) -> None:
    """What is fit to print stays as it is."""
    assert printable(printable(text)) == printable(text)


@given(data=st.binary() | st.text(), said=st.text(), named=st.integers(0, 10**6))
@example("\ud800", "\ud800", 0)
def test_a_protocol_error_never_raises(data: bytes | str, said: str, named: int) -> None:
    """Whatever was not understood, its error can be made, and is short."""
    error = ProtocolError.malformed("JSON", data, ValueError(f"{said} (byte {named})"))
    assert len(str(error)) < 2_000


@given(text=st.text())
@example("a/b")
@example("a:b/c")
@example(" a/b ")
@example("a/\x1b")
@example("a/")
@example("/b")
def test_a_model_id_reads_what_it_writes_or_is_refused(text: str) -> None:
    """A model id is taken apart at its first separator, or refused by an error of ours."""
    try:
        model = ModelId.parse(text)
    except InvalidRequest:
        return
    assert ModelId.parse(str(model)) == model
    assert f"{model.provider}{text.strip()[len(model.provider)]}{model.name}" == text.strip()


header_values = st.one_of(
    st.text(),
    st.floats().map(str),
    st.integers().map(str),
    st.datetimes().map(lambda when: when.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    st.builds("Wed, 21 Oct {} 07:28:00 {}".format, st.integers(0, 10**6), st.text(max_size=8)),
    st.builds("Wed, 21 Oct 2026 07:28:00 {:+d}".format, st.integers(-(10**30), 10**30)),
)


@given(seconds=st.none() | header_values, milliseconds=st.none() | header_values)
@example("Wed, 21 Oct 2026 07:28:00 +99999999999999", None)
@example("Mon, 01 Jan 0001 00:00:00 +2359", None)
@example("9" * 5000, None)
@example(None, "5e-324")
@example("1_0", None)
def test_a_retry_hint_is_finite_and_positive_or_none(
    seconds: str | None, milliseconds: str | None
) -> None:
    """No header makes the reading fail, or the wait endless or backward."""
    given_headers = {"retry-after": seconds, "retry-after-ms": milliseconds}
    wait_s = retry_after_s(
        {name: value for name, value in given_headers.items() if value is not None}
    )
    assert wait_s is None or (math.isfinite(wait_s) and wait_s > 0)


json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "detail", "msg", "code", "type", "param", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(body=st.binary() | st.text())
@example(b'"\xff"')
@example('{"message": "\ud800"}')
@example(b'{"error": ' * 2000)
@example(b'{"code": ' + b"1" * 5000 + b"}")
@example(b'{"message": ' * 900 + b"1" + b"}" * 900)
@example(b'{"message": ' * 300 + b"1" + b"}" * 300)
@example(b"[" * 900 + b"1" + b"]" * 900)
@example(b"[" * 500 + b"1" + b"]" * 500)
def test_an_error_body_is_always_read(body: bytes | str) -> None:
    """Whatever a server sends with a refusal, the refusal arrives."""
    read = ErrorBody.read(body)
    assert len(read.message) <= 500 * 6


@given(value=json_values)
def test_an_error_object_of_any_shape_is_read(value: object) -> None:
    """Whatever shape an error object has, its words are text."""
    read = ErrorBody.of(value)
    assert isinstance(read.message, str)
    assert all(word is None or isinstance(word, str) for word in (read.type, read.code, read.param))


def test_error_bodies_of_every_depth_are_read() -> None:
    """There is no depth of nesting at which the reading fails."""
    for depth in range(1, 1100, 7):
        for opening, closing in ((b'{"detail":', b"}"), (b"[", b"]"), (b'{"code":', b"}")):
            ErrorBody.read(opening * depth + b"1" + closing * depth)
