"""How streams, calls and runners are ended, broken."""

from __future__ import annotations

from typing import Final

from .mutation import Area, Mutation

__all__ = ["MUTATIONS"]

MUTATIONS: Final[tuple[Mutation, ...]] = (
    Mutation(
        "close not noted",
        Area.CLOSING,
        "stream",
        "A stream that was closed takes another reader.",
        text="        reading.is_closed = True\n",
        instead="",
        tests=(
            (
                "tests/faults/test_faults_closing.py::"
                "test_a_stream_closed_between_events_interrupts_its_reader"
            ),
        ),
    ),
    Mutation(
        "reader not interrupted",
        Area.CLOSING,
        "stream",
        "To close a stream waits for its reader.",
        text="            reading.call.interrupt(_closed())\n",
        instead="            pass\n",
        tests=(
            (
                "tests/faults/test_faults_closing.py::"
                "test_two_tasks_that_close_at_once_do_not_cancel_the_reader"
            ),
        ),
    ),
    Mutation(
        "close without a limit",
        Area.CLOSING,
        "stream",
        "To close a stream waits for its plugin without an end.",
        text="asyncio.timeout(CLEAN_UP_S / CLEAN_UP_STEPS)",
        instead="asyncio.timeout(None)",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_a_plugin_that_waits_past_its_transport_is_named"
            ),
        ),
    ),
    Mutation(
        "stream's timer not stopped",
        Area.CLOSING,
        "stream",
        "The timer of a stream outlives it.",
        text="        self.call.end()\n",
        instead="",
        tests=(
            (
                "tests/faults/test_faults_lifecycle.py::"
                "test_a_call_that_is_over_is_looked_at_no_more"
            ),
        ),
    ),
    Mutation(
        "chat's timer not stopped",
        Area.CLOSING,
        "runner",
        "The timer of a call without streaming outlives it.",
        text="        call.end()\n",
        instead="        pass\n",
        tests=(
            (
                "tests/faults/test_faults_lifecycle.py::"
                "test_a_call_that_is_over_is_looked_at_no_more"
            ),
        ),
    ),
    Mutation(
        "timer not cancelled",
        Area.CLOSING,
        "watch",
        "The timer of a call that is over runs on.",
        text=(
            '        """Look no more."""\n'
            "        if self._timer is not None:\n"
            "            self._timer.cancel()\n"
        ),
        instead=('        """Look no more."""\n        self._timer = None\n'),
        tests=(
            (
                "tests/faults/test_faults_lifecycle.py::"
                "test_a_call_that_is_over_is_looked_at_no_more"
            ),
        ),
    ),
    Mutation(
        "call kept by its timer",
        Area.CLOSING,
        "watch",
        "The timer keeps a call that nobody ended.",
        text="self._progress = weakref.ref(progress)",
        instead="self._progress = lambda: progress",
        tests=("tests/core/test_core_watch.py::test_a_call_that_nobody_ends_is_forgotten",),
    ),
    Mutation(
        "streams not known",
        Area.CLOSING,
        "runner",
        "A runner that is closed leaves its streams open.",
        text="        self._streams.add(stream)\n",
        instead="",
        tests=(
            (
                "tests/core/test_core_runner.py::"
                "test_a_runner_that_is_closed_ends_what_needs_no_connection"
            ),
        ),
    ),
    Mutation(
        "one failure hides the rest",
        Area.CLOSING,
        "runner",
        "One stream that does not let go keeps the others open.",
        text="return_exceptions=True",
        instead="return_exceptions=False",
        tests=(
            (
                "tests/faults/test_faults_lifecycle.py::"
                "test_one_stream_that_fails_to_close_keeps_no_other_open"
            ),
        ),
    ),
    Mutation(
        "own transport left open",
        Area.CLOSING,
        "runner",
        "A runner that is closed leaves its connections open.",
        text="                await self._owned.aclose()\n",
        instead="                pass\n",
        tests=(
            (
                "tests/faults/test_faults_closing.py::"
                "test_a_runner_that_is_closed_keeps_no_connection"
            ),
        ),
    ),
    Mutation(
        "closed runner sends",
        Area.CLOSING,
        "runner",
        "A call under way opens a connection after its runner was closed.",
        text="    def _carrier(self) -> Transport:\n        self._check_open()\n",
        instead="    def _carrier(self) -> Transport:\n",
        tests=(
            (
                "tests/faults/test_faults_closing.py::"
                "test_a_runner_closed_during_a_chat_opens_nothing_more"
            ),
        ),
    ),
    Mutation(
        "retry does not close",
        Area.CLOSING,
        "middleware/retry",
        "The events of an attempt are left to the garbage collector.",
        text="from contextlib import aclosing\n",
        instead="from contextlib import nullcontext as aclosing\n",
        tests=("tests/faults/test_faults_contained.py::test_a_plugin_that_does_not_end_is_named",),
    ),
    Mutation(
        "stream does not close",
        Area.CLOSING,
        "stream",
        "The events of a call are left to the garbage collector.",
        text="from contextlib import aclosing, suppress\n",
        instead="from contextlib import nullcontext as aclosing, suppress\n",
        tests=("tests/faults/test_faults_contained.py::test_a_plugin_that_does_not_end_is_named",),
    ),
    Mutation(
        "cancellation swallowed",
        Area.CLOSING,
        "call",
        "A plugin that swallows its cancellation goes on.",
        text="            progress.interruption = PluginError(\n",
        instead="            _ = PluginError(\n",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_a_plugin_that_swallows_cancellation_is_stopped"
            ),
        ),
    ),
    Mutation(
        "wait left over",
        Area.CLOSING,
        "call",
        "A wait that may not begin leaves a coroutine behind.",
        text="            _drop(awaitable)\n",
        instead="",
        tests=("tests/core/test_core_call.py::test_an_interruption_ends_the_next_wait",),
    ),
    Mutation(
        "cancellation held against a plugin",
        Area.CLOSING,
        "progress",
        "A layer that cancelled one wait alone cannot try something else.",
        text="isinstance(self.interruption, PluginError)",
        instead="isinstance(self.interruption, LimitPassed)",
        tests=(
            (
                "tests/core/test_core_stream.py::"
                "test_a_deadline_that_passes_while_the_consumer_is_busy_is_seen_by_the_layers[swallows]"
            ),
        ),
    ),
    Mutation(
        "call kept by its interruption",
        Area.CLOSING,
        "call",
        "A call that is over hangs in a circle.",
        text="        self.progress.interruption = None  # whose traceback",
        instead="        pass  # whose traceback",
        tests=(
            "tests/core/test_core_call.py::test_a_call_that_is_over_lets_go_of_its_interruption",
        ),
    ),
)
