"""How an attempt and its connection are closed, broken."""

from __future__ import annotations

from typing import Final

from .mutation import Area, Mutation, scenario

__all__ = ["MUTATIONS"]

MUTATIONS: Final[tuple[Mutation, ...]] = (
    Mutation(
        "connections not cut",
        Area.CLOSING,
        "wire/attempt",
        "The connections of an attempt that failed stay open until its plugin is done.",
        text="            sending.response.close()\n",
        instead="            pass\n",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_the_connection_does_not_wait_for_a_plugins_clean_up[close]"
            ),
        ),
    ),
    Mutation(
        "cut after the plugin",
        Area.CLOSING,
        "guard",
        "A connection waits for the clean-up of the plugin.",
        text="        self._transport.cut()\n        problem",
        instead="        problem",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_the_connection_does_not_wait_for_a_plugins_clean_up[close]"
            ),
        ),
    ),
    Mutation(
        "left open after success",
        Area.CLOSING,
        "guard",
        "What a plugin left open stays open when its events have ended.",
        text="        if error is None:\n            await self._transport.aclose()\n",
        instead="        if error is None:\n",
        tests=("tests/faults/test_faults_contained.py::test_what_a_plugin_leaves_open_is_closed",),
    ),
    Mutation(
        "left open after a failure",
        Area.CLOSING,
        "guard",
        "What a plugin left open stays open when it has failed.",
        text=(
            "                    await self._stream.aclose()\n"
            "                await self._transport.aclose()\n"
        ),
        instead="                    await self._stream.aclose()\n",
        tests=(
            "tests/faults/test_faults_contained.py::test_a_transport_of_ones_own_is_left_as_well",
        ),
    ),
    Mutation(
        "plugin not closed",
        Area.CLOSING,
        "guard",
        "A plugin whose events are left is not told.",
        text=(
            "                if self._stream is not None:\n"
            "                    await self._stream.aclose()\n"
        ),
        instead="",
        tests=("tests/faults/test_faults_contained.py::test_a_plugin_that_does_not_end_is_named",),
    ),
    Mutation(
        "plugin's clean-up without a limit",
        Area.CLOSING,
        "guard",
        "A plugin may take as long as it likes to clean up.",
        text="limit = asyncio.timeout(CLEAN_UP_S)",
        instead="limit = asyncio.timeout(None)",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_a_plugin_that_blocks_in_its_clean_up_is_named"
            ),
        ),
    ),
    Mutation(
        "plugin's clean-up not named",
        Area.CLOSING,
        "guard",
        "A plugin that fails in its clean-up is not named.",
        text="            raise problem from None\n",
        instead="            pass\n",
        tests=("tests/faults/test_faults_contained.py::test_a_plugin_that_does_not_end_is_named",),
    ),
    Mutation(
        "closed twice",
        Area.CLOSING,
        "wire/attempt",
        "A response is closed once more with its attempt.",
        text="        self._attempt._sendings.remove(self)\n",
        instead="",
        tests=("tests/core/test_core_wire_attempt.py::test_a_response_is_left_once",),
    ),
    Mutation(
        "refusal left open",
        Area.CLOSING,
        "wire/attempt",
        "The connection of a refusal is left as it is.",
        text=(
            "            await self._beneath.__aexit__(type(error), error, error.__traceback__)\n"
            "            raise\n"
        ),
        instead="            raise\n",
        tests=(scenario("Memory: status 400 with a body of 1 MiB"),),
    ),
    Mutation(
        "stays open when cancelled",
        Area.CLOSING,
        "wire/transport",
        "A cancelled read leaves its connection to the plugin.",
        text="            self.close()  # first, whatever the plugin does with the exception\n",
        instead="",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_the_connection_does_not_wait_for_a_plugins_clean_up[cancel]"
            ),
        ),
    ),
    Mutation(
        "response not closed",
        Area.CLOSING,
        "wire/http",
        "A response that was not read to its end keeps its connection.",
        text="            self._exchange.close()  # a body",
        instead="            pass  # a body",
        tests=("tests/faults/test_faults_contained.py::test_what_a_plugin_leaves_open_is_closed",),
    ),
    Mutation(
        "drained without a limit of time",
        Area.CLOSING,
        "wire/exchange",
        "What follows an answer is waited for.",
        text="asyncio.timeout(DRAIN_S)",
        instead="asyncio.timeout(None)",
        tests=("tests/faults/test_faults_contained.py::test_what_a_plugin_leaves_open_is_closed",),
    ),
    Mutation(
        "not drained",
        Area.CLOSING,
        "wire/http",
        "A connection whose answer was complete is not used again.",
        text="                await self._exchange.drain()\n",
        instead="                pass\n",
        tests=(
            "tests/faults/test_faults_connection.py::test_what_trails_an_answer_does_not_cost_its_connection",
        ),
    ),
    Mutation(
        "connections of another loop",
        Area.CLOSING,
        "wire/http",
        "Connections are used in a loop that is not theirs.",
        text="self._connections is not None and self._owner != owner",
        instead="self._connections is not None and self._connections.is_closed",
        tests=(
            "tests/faults/test_faults_lifecycle.py::test_a_runner_serves_one_loop_after_another",
        ),
    ),
    Mutation(
        "parent's connections closed",
        Area.CLOSING,
        "wire/http",
        "A forked process closes the connections of its parent.",
        text="        if process != os.getpid():\n",
        instead="        if False:\n",
        tests=(
            (
                "tests/faults/test_faults_lifecycle.py::"
                "test_a_forked_process_gets_a_session_of_its_own"
            ),
        ),
    ),
    Mutation(
        "other loop's connections closed",
        Area.CLOSING,
        "wire/http",
        "Connections of a loop that runs elsewhere are closed under its feet.",
        text="elif loop is asyncio.get_running_loop() or loop.is_closed():",
        instead="elif True:",
        tests=(
            (
                "tests/faults/test_faults_lifecycle.py::"
                "test_two_loops_at_once_do_not_close_each_others_connections"
            ),
        ),
    ),
    Mutation(
        "cancelled chat left open",
        Area.CLOSING,
        "dispatch",
        "A call without streaming that is cancelled leaves its connection open.",
        text="    except BaseException:\n        transport.cut()\n",
        instead="    except BaseException:\n",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_what_a_chat_leaves_open_is_closed[is cancelled]"
            ),
        ),
    ),
    Mutation(
        "failed chat left open",
        Area.CLOSING,
        "dispatch",
        "What a hook left open stays open when it has failed.",
        text="    transport.cut()\n    await transport.aclose()\n    try:\n",
        instead="    try:\n",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_what_a_chat_leaves_open_is_closed[fails]"
            ),
        ),
    ),
    Mutation(
        "chat left open",
        Area.CLOSING,
        "dispatch",
        "What a hook left open stays open when it has given its value.",
        text="    else:\n        await transport.aclose()\n",
        instead="    else:\n",
        tests=(
            (
                "tests/faults/test_faults_contained.py::"
                "test_what_a_chat_that_answers_leaves_open_is_closed"
            ),
        ),
    ),
    Mutation(
        "frames not closed",
        Area.CLOSING,
        "wire/transport",
        "The frames of a response are left to the garbage collector.",
        text="from contextlib import AbstractAsyncContextManager, aclosing\n",
        instead=(
            "from contextlib import AbstractAsyncContextManager\n"
            "from contextlib import nullcontext as aclosing\n"
        ),
        tests=(("tests/faults/test_faults_lifecycle.py::test_a_call_that_is_over_is_forgotten"),),
    ),
    Mutation(
        "call kept by its failure",
        Area.CLOSING,
        "guard",
        "A call that failed hangs in a circle.",
        text="        finally:\n            del failure\n",
        instead="        finally:\n            pass\n",
        tests=("tests/faults/test_faults_garbage.py::test_a_call_that_is_over_is_let_go_of",),
    ),
)
