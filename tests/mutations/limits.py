"""The limits and what they count, broken."""

from __future__ import annotations

from typing import Final

from .mutation import Area, Mutation, scenario

__all__ = ["MUTATIONS"]

MUTATIONS: Final[tuple[Mutation, ...]] = (
    Mutation(
        "limits count between attempts",
        Area.TIMEOUT,
        "watch",
        "The limits of an attempt count in the wait for the next one.",
        text="if progress.is_between_attempts:",
        instead="if progress.attempt == 0:",
        tests=("tests/core/test_core_watch.py::test_the_limit_of_the_phase_counts",),
    ),
    Mutation(
        "total not armed",
        Area.TIMEOUT,
        "watch",
        "Nobody looks when `total_s` has passed.",
        text="            self._arm(total_s)\n",
        instead="",
        tests=(
            "tests/faults/test_faults_consumer.py::test_the_consumers_time_counts_for_the_total",
        ),
    ),
    Mutation(
        "later total wins",
        Area.TIMEOUT,
        "watch",
        "Of two limits on the whole call the later one counts.",
        text="progress is not None and deadline < progress.deadline",
        instead="progress is not None",
        tests=("tests/core/test_core_watch.py::test_the_earlier_deadline_counts",),
    ),
    Mutation(
        "timer not armed sooner",
        Area.TIMEOUT,
        "watch",
        "A limit that is shorter than the one before it is looked at too late.",
        text="                return\n            self._timer.cancel()\n",
        instead="                return\n            return\n",
        tests=(
            (
                "tests/faults/test_faults_limits.py::"
                "test_the_time_to_the_first_content_does_not_count_the_connection"
            ),
        ),
    ),
    Mutation(
        "timer for the present alone",
        Area.TIMEOUT,
        "watch",
        "A limit that begins to count later is missed.",
        text=(
            "            min(left_s, self.connect_s, self.first_content_s, "
            "self.idle_s, self.content_gap_s)\n"
            "        )\n"
        ),
        instead="            left_s\n        )\n",
        tests=(("tests/core/test_core_watch.py::test_a_limit_that_begins_later_is_not_missed"),),
    ),
    Mutation(
        "connection waited for without a limit",
        Area.TIMEOUT,
        "watch",
        "`connect_s` does not count.",
        text="return [(ConnectTimeout, self.connect_s, progress.connecting_at)]",
        instead="return []",
        tests=(
            (
                "tests/faults/test_faults_limits.py::"
                "test_the_time_to_the_first_content_does_not_count_the_connection"
            ),
        ),
    ),
    Mutation(
        "whole answer awaited in bits",
        Area.TIMEOUT,
        "watch",
        "The content of an answer that comes in one piece is awaited.",
        text="self._is_streamed and not progress.is_whole",
        instead="self._is_streamed",
        tests=(
            (
                "tests/faults/test_faults_limits.py::"
                "test_an_answer_in_one_piece_is_not_awaited_in_bits"
            ),
        ),
    ),
    Mutation(
        "idle while it thinks",
        Area.TIMEOUT,
        "watch",
        "A model that thinks, and is silent, is idle.",
        text="if progress.last_byte_at is not None and has_begun:",
        instead="if progress.last_byte_at is not None:",
        tests=(scenario("Time: a model that thinks is not idle"),),
    ),
    Mutation(
        "pings are content",
        Area.TIMEOUT,
        "watch",
        "The gap between contents begins anew with each byte.",
        text="(ContentGapTimeout, self.content_gap_s, progress.content_at)",
        instead="(ContentGapTimeout, self.content_gap_s, progress.last_byte_at or 0.0)",
        tests=(scenario("Time: pings between contents: `content_gap_s`"),),
    ),
    Mutation(
        "first content from the attempt",
        Area.TIMEOUT,
        "watch",
        "The time for the first content counts the connection.",
        text="progress.attempt_at if progress.sent_at is None else progress.sent_at",
        instead="progress.attempt_at",
        tests=("tests/core/test_core_watch.py::test_what_came_before_does_not_count",),
    ),
    Mutation(
        "the consumer's limit",
        Area.TIMEOUT,
        "watch",
        "A limit on the whole call that passes while the consumer is busy is forgotten.",
        text="        if left_s <= 0:\n",
        instead="        if left_s <= 0 and progress.reader is not None:\n",
        tests=(
            "tests/faults/test_faults_consumer.py::test_the_consumers_time_counts_for_the_total",
        ),
    ),
    Mutation(
        "cancelled twice",
        Area.TIMEOUT,
        "progress",
        "Two limits at once cancel the reader twice.",
        text="if self.reader is not None and not self.is_interrupting:",
        instead="if self.reader is not None:",
        tests=("tests/core/test_core_call.py::test_two_interruptions_are_one_error",),
    ),
    Mutation(
        "limit outlives its attempt",
        Area.TIMEOUT,
        "progress",
        "The limit that ended an attempt ends the next one too.",
        text=(
            "isinstance(self.interruption, LimitPassed) and self.interruption.is_retryable:\n"
            "            self.interruption = None\n"
        ),
        instead=(
            "isinstance(self.interruption, LimitPassed) and self.interruption.is_retryable:\n"
            "            pass\n"
        ),
        tests=("tests/faults/test_faults_limits.py::test_each_attempt_has_its_own_limits",),
    ),
    Mutation(
        "deadline forgotten",
        Area.TIMEOUT,
        "progress",
        "The end of an attempt lifts the limit on the whole call.",
        text="isinstance(self.interruption, LimitPassed) and self.interruption.is_retryable",
        instead="isinstance(self.interruption, LimitPassed)",
        tests=("tests/core/test_core_progress.py::test_a_limit_on_an_attempt_ends_with_it",),
    ),
    Mutation(
        "attempt's beginning not noted",
        Area.TIMEOUT,
        "progress",
        "A later attempt has the less time the longer the first one waited.",
        text="        self.attempt_at = self.waited_s\n",
        instead="",
        tests=("tests/core/test_core_progress.py::test_an_attempt_forgets_the_one_before",),
    ),
    Mutation(
        "bytes of the attempt before",
        Area.TIMEOUT,
        "progress",
        "The silence of one attempt counts in the next one.",
        text="self.connecting_at = self.sent_at = self.last_byte_at = self.content_at = None",
        instead="self.connecting_at = self.sent_at = self.content_at = None",
        tests=("tests/core/test_core_progress.py::test_an_attempt_forgets_the_one_before",),
    ),
    Mutation(
        "idle of the layer first",
        Area.TIMEOUT,
        "middleware/timeout",
        "A limit set on the layer beats that set on the call.",
        text="asked.idle_s or own.idle_s or declared.idle_s",
        instead="own.idle_s or asked.idle_s or declared.idle_s",
        tests=("tests/core/test_core_middleware_limits.py::test_the_nearest_of_each_limit_counts",),
    ),
    Mutation(
        "connect declared beats all",
        Area.TIMEOUT,
        "middleware/timeout",
        "A limit that the plugin declares beats that set on the layer.",
        text="asked.connect_s or own.connect_s or declared.connect_s",
        instead="asked.connect_s or declared.connect_s or own.connect_s",
        tests=("tests/core/test_core_middleware_limits.py::test_the_nearest_of_each_limit_counts",),
    ),
    Mutation(
        "total of the layer first",
        Area.TIMEOUT,
        "middleware/deadline",
        "The total set on the layer beats that set on the call.",
        text="call.limits.total_s or self._limits.total_s",
        instead="self._limits.total_s or call.limits.total_s",
        tests=("tests/core/test_core_middleware_limits.py::test_the_nearest_of_each_limit_counts",),
    ),
    Mutation(
        "limits before the first attempt",
        Area.TIMEOUT,
        "progress",
        "The limits of an attempt count while a layer waits before the first one.",
        text="is_between_attempts: bool = True",
        instead="is_between_attempts: bool = False",
        tests=(
            (
                "tests/core/test_core_middleware_own.py::"
                "test_no_limit_on_attempts_runs_before_the_first"
            ),
        ),
    ),
)
