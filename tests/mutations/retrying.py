"""How attempts are repeated, broken."""

from __future__ import annotations

from typing import Final

from .mutation import Area, Mutation, scenario

__all__ = ["MUTATIONS"]

MUTATIONS: Final[tuple[Mutation, ...]] = (
    Mutation(
        "retry after content",
        Area.RETRY,
        "middleware/retry",
        "An attempt whose content was shown is repeated.",
        text="None if is_committed else self._wait_s(error",
        instead="self._wait_s(error",
        tests=("tests/core/test_core_middleware_budget.py::test_what_never_began_is_not_counted",),
    ),
    Mutation(
        "commit at the start",
        Area.RETRY,
        "middleware/retry",
        "What precedes content is the commit point, so that a failure after it is not retried.",
        text="if is_content(item):",
        instead="if not isinstance(item, UsageUpdated):",
        tests=("tests/core/test_core_stream.py::test_two_tasks_cannot_read_at_once",),
    ),
    Mutation(
        "held twice",
        Area.RETRY,
        "middleware/retry",
        "What was held is given again when the attempt fails after its content.",
        text="in () if is_committed else held:",
        instead="in held:",
        tests=(
            (
                "tests/properties/test_properties_retry.py::"
                "test_retry_keeps_the_last_count_of_a_preamble"
            ),
        ),
    ),
    Mutation(
        "held never",
        Area.RETRY,
        "middleware/retry",
        "What was held is lost when no further attempt is made.",
        text="in () if is_committed else held:",
        instead="in ():",
        tests=("tests/faults/test_faults_retry.py::test_giving_up_hands_over_what_was_held",),
    ),
    Mutation(
        "all counts held",
        Area.RETRY,
        "middleware/retry",
        "Of several counts before content all are shown.",
        text="held[:] = [other for other in held if not isinstance(other, UsageUpdated)]",
        instead="held[:] = list(held)",
        tests=(
            "tests/properties/test_properties_retry.py::test_retry_keeps_the_last_count_of_a_preamble",
        ),
    ),
    Mutation(
        "one attempt more",
        Area.RETRY,
        "middleware/retry",
        "One attempt more than allowed is made.",
        text="or number == attempts:",
        instead="or number > attempts:",
        tests=("tests/faults/test_faults_budget.py::test_two_objects_by_one_name_do_not",),
    ),
    Mutation(
        "everything retried",
        Area.RETRY,
        "middleware/retry",
        "What is wrong with the request is asked again.",
        text="not error.is_retryable or number == attempts",
        instead="number == attempts",
        tests=(
            (
                "tests/properties/test_properties_retry.py::"
                "test_retry_only_repeats_what_showed_nothing"
            ),
        ),
    ),
    Mutation(
        "jitter above the wait",
        Area.RETRY,
        "middleware/retry",
        "A wait may be twice the longest.",
        text="wait_s = self._jitter() * min(",
        instead="wait_s = (1 + self._jitter()) * min(",
        tests=("tests/faults/test_faults_retry.py::test_waits_grow_and_are_jittered",),
    ),
    Mutation(
        "wait without a maximum",
        Area.RETRY,
        "middleware/retry",
        "The waits double without an end.",
        text="min(self._max_wait_s, self._initial_wait_s * 2.0 ** (number - 1))",
        instead="(self._initial_wait_s * 2.0 ** (number - 1))",
        tests=("tests/faults/test_faults_retry.py::test_waits_grow_and_are_jittered",),
    ),
    Mutation(
        "retry-after ignored",
        Area.RETRY,
        "middleware/retry",
        "What the server asks for is not waited.",
        text="max(wait_s, error.retry_after_s * (1 + self._jitter() / 10))",
        instead="max(wait_s, 0.0)",
        tests=(
            (
                "tests/faults/test_faults_retry.py::"
                "test_what_the_server_asks_for_is_the_least[milliseconds]"
            ),
        ),
    ),
    Mutation(
        "retry-after undercut",
        Area.RETRY,
        "middleware/retry",
        "Up to a tenth less than what the server asks for is waited.",
        text="(1 + self._jitter() / 10)",
        instead="(1 - self._jitter() / 10)",
        tests=(
            (
                "tests/faults/test_faults_retry.py::"
                "test_what_the_server_asks_for_is_the_least[milliseconds]"
            ),
        ),
    ),
    Mutation(
        "retry-after of no number",
        Area.RETRY,
        "middleware/retry",
        "A wait that is no number becomes ours.",
        text="max(wait_s, error.retry_after_s * (1 + self._jitter() / 10))",
        instead="max(error.retry_after_s * (1 + self._jitter() / 10), wait_s)",
        tests=("tests/properties/test_properties_retry.py::test_retry_waits_sanely",),
    ),
    Mutation(
        "retry-after of an hour",
        Area.RETRY,
        "middleware/retry",
        "However long the server asks for is waited.",
        text="(error.retry_after_s or 0) > self._max_retry_after_s",
        instead='error.retry_after_s == float("inf")',
        tests=("tests/faults/test_faults_retry.py::test_a_long_wait_is_not_waited",),
    ),
    Mutation(
        "deadline not seen",
        Area.RETRY,
        "middleware/retry",
        "A wait that passes the deadline is begun.",
        text="self._clock() + wait_s > call.deadline",
        instead="self._clock() > call.deadline",
        tests=("tests/faults/test_faults_retry.py::test_a_wait_beyond_the_deadline_is_not_waited",),
    ),
    Mutation(
        "wait out of reach",
        Area.RETRY,
        "middleware/retry",
        "Nobody can end the wait between two attempts.",
        text="await call.wait(self._sleep(wait_s))",
        instead="await self._sleep(wait_s)",
        tests=(scenario("Leaving: `aclose` from another task, in the wait for the next attempt"),),
    ),
    Mutation(
        "attempts of the layer first",
        Area.RETRY,
        "middleware/retry",
        "The attempts set on the layer beat those set on the call.",
        text="call.limits.attempts\n            or self._limits.attempts",
        instead="self._limits.attempts\n            or call.limits.attempts",
        tests=("tests/core/test_core_middleware_limits.py::test_the_nearest_of_each_limit_counts",),
    ),
    Mutation(
        "budget never taken",
        Area.RETRY,
        "middleware/retry",
        "Retries cost nothing.",
        text="elif not call.retry_budget.take():",
        instead="elif call.retry_budget.left < 1 and not call.retry_budget.take():",
        tests=(
            (
                "tests/faults/test_faults_retry.py::"
                "test_a_budget_keeps_an_outage_from_being_amplified[stream]"
            ),
        ),
    ),
    Mutation(
        "budget never given back",
        Area.RETRY,
        "middleware/retry",
        "A success earns nothing.",
        text="call.retry_budget.give_back()",
        instead="pass",
        tests=("tests/faults/test_faults_retry.py::test_a_success_gives_a_tenth_back",),
    ),
    Mutation(
        "budget without a maximum",
        Area.RETRY,
        "retry_budget",
        "Good hours earn retries for an outage.",
        text="min(RETRIES, self.left + RETURNED_BY_SUCCESS)",
        instead="self.left + RETURNED_BY_SUCCESS",
        tests=("tests/core/test_core_retry_budget.py::test_ten_retries_and_a_tenth_back",),
    ),
    Mutation(
        "budget overdrawn",
        Area.RETRY,
        "retry_budget",
        "A tenth of a retry is taken for one.",
        text="if self.left < 1:",
        instead="if self.left <= 0:",
        tests=("tests/faults/test_faults_retry.py::test_a_success_gives_a_tenth_back",),
    ),
    Mutation(
        "budget of each call",
        Area.RETRY,
        "retry_budget",
        "Each call has a budget of its own.",
        text="_BUDGETS[id(provider)] = budget",
        instead="pass",
        tests=("tests/faults/test_faults_budget.py::test_two_runners_share_it",),
    ),
    Mutation(
        "retry-after not finite",
        Area.RETRY,
        "wire/status",
        "Infinity is read as a wait.",
        text="if math.isfinite(number) and number > 0 else",
        instead="if number > 0 else",
        tests=(scenario("Retry: when: an unreadable `retry-after: inf`, then an answer"),),
    ),
    Mutation(
        "x-should-retry ignored",
        Area.RETRY,
        "wire/status",
        "The server's word on retrying counts for nothing.",
        text="is_retryable if stated is None else stated",
        instead="is_retryable",
        tests=(
            (
                "tests/core/test_core_wire_status.py::"
                "test_the_server_has_the_last_word_on_retrying[false-True-False]"
            ),
        ),
    ),
)
