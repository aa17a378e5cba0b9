"""One exchange on a connection, and the bytes of its answer, broken."""

from __future__ import annotations

from typing import Final

from .mutation import Area, Mutation, scenario

__all__ = ["MUTATIONS"]

_CONNECTIONS: Final = "tests/core/test_core_wire_connections.py::"
_EXCHANGE: Final = "tests/core/test_core_wire_exchange.py::"
_HALF_SENT: Final = (
    "tests/faults/test_faults_connection.py::"
    "test_a_connection_whose_request_was_not_sent_whole_is_not_kept"
)
_ONE_BY_ONE: Final = "tests/properties/test_properties_sse.py::test_sse_events_that_come_one_by_one"

MUTATIONS: Final[tuple[Mutation, ...]] = (
    Mutation(
        "new connection sent again",
        Area.RETRY,
        "wire/connections",
        "A request is sent again without an end where each new connection breaks.",
        text="is_dead = was_used and isinstance(error, aiohttp.ClientConnectionError)",
        instead="is_dead = isinstance(error, aiohttp.ClientConnectionError)",
        tests=(
            scenario(
                "Retry: answers that never began: the end of the connection in place "
                "of an answer, then an answer"
            ),
        ),
    ),
    Mutation(
        "pooled connection not replaced",
        Area.RETRY,
        "wire/connections",
        "A pooled connection that died costs an attempt.",
        text="is_dead = was_used and isinstance(error, aiohttp.ClientConnectionError)",
        instead="is_dead = False",
        tests=(
            scenario(
                "Connections: a pooled connection that is reset as it is used again is replaced"
            ),
        ),
    ),
    Mutation(
        "sent again as the transport is closed",
        Area.RETRY,
        "wire/connections",
        "Connections that are closed under a request are opened again for it.",
        text="if not is_dead or self.is_closed:",
        instead="if not is_dead:",
        tests=(f"{_CONNECTIONS}test_a_request_is_not_sent_again_once_all_is_closed",),
    ),
    Mutation(
        "reused in the middle of a request",
        Area.CLOSING,
        "wire/exchange",
        "A connection is kept although its request was not sent to the end.",
        text="if transport is None or _is_sent(transport):",
        instead="if True:",
        tests=(f"{_HALF_SENT}[http]",),
    ),
    Mutation(
        "half a request unseen over TLS",
        Area.CLOSING,
        "wire/connections",
        "What waits beneath TLS is taken for sent.",
        text="if len(body) <= _MAX_UNSEEN_BYTES:",
        instead="if True:",
        tests=(f"{_HALF_SENT}[https]",),
    ),
    Mutation(
        "closed when all is sent",
        Area.CLOSING,
        "wire/exchange",
        "A connection that is closed sends the rest of its request first, however long it takes.",
        text="        transport.abort()  # closed",
        instead="        pass  # closed",
        tests=(f"{_HALF_SENT}[http]",),
    ),
    Mutation(
        "stale answer",
        Area.CLOSING,
        "wire/connections",
        "What came on a kept connection, unasked, is the answer to the next request.",
        text="return was_used and protocol.should_close",
        instead="return False",
        tests=(f"{_CONNECTIONS}test_what_comes_late_is_no_answer",),
    ),
    Mutation(
        "reader not told",
        Area.CLOSING,
        "wire/exchange",
        "Who reads a body that is closed waits on.",
        text='            self._content.set_exception(aiohttp.ClientConnectionError("closed"))\n',
        instead="            pass\n",
        tests=(f"{_EXCHANGE}test_an_answer_that_is_closed_ends_its_reading",),
    ),
    Mutation(
        "open answers left",
        Area.CLOSING,
        "wire/connections",
        "To close all connections leaves those that are being read.",
        text="            exchange.close()\n",
        instead="            pass\n",
        tests=(f"{_EXCHANGE}test_who_reads_is_told_when_all_is_closed",),
    ),
    Mutation(
        "another protocol is an answer",
        Area.TRUNCATION,
        "wire/connections",
        "101 is taken for an answer.",
        text=(
            "            raise HttpProcessingError("
            'code=101, message="nobody asked to switch protocols")\n'
        ),
        instead="            return message, content\n",
        tests=(f"{_CONNECTIONS}test_another_protocol_is_no_answer",),
    ),
    Mutation(
        "announcement is an answer",
        Area.TRUNCATION,
        "wire/connections",
        "100 and 103 are taken for answers.",
        text="        if message.code >= 200:\n",
        instead="        if True:\n",
        tests=(f"{_CONNECTIONS}test_announcements_are_passed_over",),
    ),
    Mutation(
        "length of the caller's own",
        Area.TRUNCATION,
        "wire/connections",
        "A length that was given stands where there is no body.",
        text="if (n := name.lower()) not in _ENDS}",
        instead="if (n := name.lower())}",
        tests=(
            f"{_CONNECTIONS}test_where_a_request_ends_is_not_for_others_to_say[Content-Length]",
        ),
    ),
    Mutation(
        "shortcut within a block",
        Area.TRUNCATION,
        "wire/sse",
        "An event is read at a glance though another has begun.",
        text="if not self._is_amid and (frame := self._one(chunk)) is not None:",
        instead="if (frame := self._one(chunk)) is not None:",
        tests=(_ONE_BY_ONE,),
    ),
    Mutation(
        "line end within a name",
        Area.TRUNCATION,
        "wire/sse",
        "A CR in the name of an event that comes alone is part of the name.",
        text="if _CR in (named :=",
        instead="if not (named :=",
        tests=(_ONE_BY_ONE,),
    ),
    Mutation(
        "no byte is noted",
        Area.TIMEOUT,
        "wire/transport",
        "Nobody knows when the last byte came.",
        text="        progress.last_byte_at = progress.waited_s\n",
        instead="",
        tests=(scenario("Time: silence after content: `idle_s`"),),
    ),
    Mutation(
        "waits that nobody sees",
        Area.TIMEOUT,
        "wire/transport",
        "A wait for the body cannot be cut short.",
        text="        progress.begin_wait()  # as",
        instead="        # as",
        tests=(scenario("Time: a head alone: `first_content_s`"),),
    ),
    Mutation(
        "read on when interrupted",
        Area.TIMEOUT,
        "wire/transport",
        "What interrupts a call between two reads is not seen by the next.",
        text="if self.is_settled or progress.interruption is not None:",
        instead="if self.is_settled:",
        tests=(
            "tests/core/test_core_wire_attempt.py::"
            "test_an_answer_that_is_not_settled_is_interrupted",
        ),
    ),
)
