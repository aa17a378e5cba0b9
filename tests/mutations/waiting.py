"""How a wait is interrupted, broken."""

from __future__ import annotations

from typing import Final

from .mutation import Area, Mutation, scenario

__all__ = ["MUTATIONS"]

MUTATIONS: Final[tuple[Mutation, ...]] = (
    Mutation(
        "sent not noted",
        Area.TIMEOUT,
        "call",
        "The wait for a connection never ends.",
        text="            progress.connecting_at = None\n",
        instead="            pass\n",
        tests=("tests/faults/test_faults_limits.py::test_each_attempt_has_its_own_limits",),
    ),
    Mutation(
        "consumer's time counts",
        Area.TIMEOUT,
        "progress",
        "The time in which the consumer is busy is counted as waiting.",
        text="        self.waiting_since = time.monotonic()\n",
        instead="        self.waiting_since = self.waiting_since or time.monotonic()\n",
        tests=(
            (
                "tests/faults/test_faults_limits.py::"
                "test_a_second_request_of_an_attempt_has_its_own_time_to_connect"
            ),
        ),
    ),
    Mutation(
        "interruption not seen by the next wait",
        Area.TIMEOUT,
        "call",
        "A call that was interrupted waits on.",
        text="            _drop(awaitable)\n            raise progress.interruption\n",
        instead="            pass\n",
        tests=("tests/core/test_core_call.py::test_an_interruption_ends_the_next_wait",),
    ),
    Mutation(
        "cancellation left",
        Area.TIMEOUT,
        "progress",
        "The reader stays cancelled after a limit of ours.",
        text="            self.reader.uncancel()\n",
        instead="",
        tests=("tests/core/test_core_call.py::test_an_interruption_ends_the_present_wait",),
    ),
    Mutation(
        "cancellation beaten",
        Area.TIMEOUT,
        "call",
        "A limit hides that the task was cancelled from outside.",
        text="if progress.interruption is not None and is_ours:",
        instead="if progress.interruption is not None:",
        tests=("tests/core/test_core_call.py::test_a_cancellation_beats_an_interruption",),
    ),
    Mutation(
        "interruption not raised",
        Area.TIMEOUT,
        "stream",
        "A limit that passed while the consumer was busy is not raised at its next event.",
        text="if progress.interruption is not None:  # while the consumer was busy",
        instead="if False:",
        tests=(
            "tests/faults/test_faults_consumer.py::test_the_consumers_time_counts_for_the_total",
        ),
    ),
    Mutation(
        "bytes are no life",
        Area.TIMEOUT,
        "wire/transport",
        "Bytes do not put the end of patience off.",
        text="        progress.last_byte_at = progress.waited_s\n",
        instead=("        progress.last_byte_at = progress.last_byte_at or progress.waited_s\n"),
        tests=(scenario("Time: pings after content are life"),),
    ),
    Mutation(
        "error body without a limit",
        Area.TIMEOUT,
        "wire/attempt",
        "The body of a refusal is waited for as long as it takes.",
        text="_within(ERROR_BODY_S, read)",
        instead="read()",
        tests=(scenario("Memory: status 401 with a body that stalls: its status is kept"),),
    ),
    Mutation(
        "trailer without a limit",
        Area.TIMEOUT,
        "wire/transport",
        "What trails a complete answer is waited for as long as it takes.",
        text="call.wait_within(SETTLE_S, self._read_chunk)",
        instead="call.wait(self._read_chunk())",
        tests=(
            scenario(
                "End of stream: whole all the same: after the finish reason silence: "
                "one second is waited"
            ),
        ),
    ),
    Mutation(
        "content not noted",
        Area.TIMEOUT,
        "guard",
        "Content does not end the wait for the first.",
        text="            progress.content_at = progress.waited_s\n",
        instead="",
        tests=(
            (
                "tests/faults/test_faults_consumer.py::"
                "test_several_tasks_may_read_one_stream_in_turn"
            ),
        ),
    ),
    Mutation(
        "plugin's wait beyond its attempt",
        Area.TIMEOUT,
        "dispatch",
        "The attempt of a call without streaming is never over.",
        text="    finally:\n        call.progress.end_attempt()\n",
        instead="",
        tests=(
            (
                "tests/core/test_core_middleware_own.py::"
                "test_a_layer_may_wait_after_an_attempt_that_passed_a_limit"
            ),
        ),
    ),
    Mutation(
        "layers not told of the limit",
        Area.TIMEOUT,
        "stream",
        "No layer sees a limit that passed while the consumer was busy.",
        text=(
            "                            await "
            "events.athrow(progress.interruption)  # each layer is to see it\n"
        ),
        instead="                            pass\n",
        tests=(
            (
                "tests/core/test_core_stream.py::"
                "test_a_deadline_that_passes_while_the_consumer_is_busy_is_seen_by_the_layers"
            ),
        ),
    ),
    Mutation(
        "whole answer not told",
        Area.TIMEOUT,
        "dispatch",
        "An answer that comes in one piece is awaited as a stream.",
        text="        call.progress.is_whole = True\n",
        instead="",
        tests=(
            (
                "tests/faults/test_faults_limits.py::"
                "test_an_answer_in_one_piece_is_not_awaited_in_bits"
            ),
        ),
    ),
)
