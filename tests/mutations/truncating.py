"""How the end of an answer is known, broken."""

from __future__ import annotations

from typing import Final

from .mutation import Area, Mutation, scenario

__all__ = ["MUTATIONS"]

MUTATIONS: Final[tuple[Mutation, ...]] = (
    Mutation(
        "cut is a success",
        Area.TRUNCATION,
        "guard",
        "Events that end without `Finished` are a whole answer.",
        text="        grammar.end()\n",
        instead="",
        tests=("tests/core/test_core_runner.py::test_an_error_names_the_call",),
    ),
    Mutation(
        "silence is a success",
        Area.TRUNCATION,
        "guard",
        "No event at all is a whole answer.",
        text="        if not self._is_finished:\n            raise",
        instead="        if False:\n            raise",
        tests=(
            (
                "tests/core/test_core_guard.py::"
                "test_an_early_end_says_how_early[nothing-without a word]"
            ),
        ),
    ),
    Mutation(
        "goes on after the end",
        Area.TRUNCATION,
        "guard",
        "A plugin that goes on after `Finished` is let through.",
        text="        if self._is_finished:\n            raise",
        instead="        if False:\n            raise",
        tests=(
            (
                "tests/faults/test_faults_contract.py::"
                "test_a_breach_of_the_grammar_is_named[two ends]"
            ),
        ),
    ),
    Mutation(
        "ends with a call open",
        Area.TRUNCATION,
        "guard",
        "`Finished` is let through while a tool call is open.",
        text="        if self._open_calls:\n",
        instead="        if False:\n",
        tests=(
            (
                "tests/faults/test_faults_contract.py::"
                "test_a_breach_of_the_grammar_is_named[an end with a call open]"
            ),
        ),
    ),
    Mutation(
        "break is the end",
        Area.TRUNCATION,
        "wire/exchange",
        "A connection that breaks looks like the end of the bytes.",
        text=(
            "            raise StreamInterrupted(\n"
            '                f"the connection to '
            '{without_query(self._url)} broke in the middle of the answer "\n'
            '                f"({type(error).__name__})"\n'
            "            ) from None\n"
        ),
        instead='            return b""\n',
        tests=(scenario("End of stream: cut: a call without streaming is cut, then answered"),),
    ),
    Mutation(
        "answer without an end",
        Area.TRUNCATION,
        "wire/exchange",
        "An answer may be as large as it likes.",
        text="if self._taken > self._max_bytes:",
        instead="if False:",
        tests=(scenario("Memory: an answer without an end, against a limit on the whole"),),
    ),
    Mutation(
        "every failure is the end",
        Area.TRUNCATION,
        "wire/transport",
        "A limit that runs out looks like the end of the bytes.",
        text=(
            "            if isinstance(error, asyncio.CancelledError):\n"
            "                call.cancelled()\n"
            "            raise\n"
        ),
        instead='            return b""\n',
        tests=(scenario("Time: a head alone: `first_content_s`"),),
    ),
    Mutation(
        "trailer must come",
        Area.TRUNCATION,
        "wire/transport",
        "A complete answer fails for what should trail it.",
        text=('            if self.is_settled:\n                return b""\n            raise\n'),
        instead="            raise\n",
        tests=(
            (
                "tests/faults/test_faults_truncation.py::"
                "test_an_answer_without_its_last_count_keeps_the_one_before"
            ),
        ),
    ),
    Mutation(
        "half a frame is fed",
        Area.TRUNCATION,
        "wire/frames",
        "A frame that was cut is taken for whole.",
        text="[frame for frame in self._frames(_END) if _is_json(frame[1])]",
        instead="self._frames(_END)",
        tests=(
            (
                "tests/core/test_core_wire_transport.py::"
                'test_an_unterminated_event_counts_if_it_is_json[data: {"a":-False]'
            ),
        ),
    ),
    Mutation(
        "last frame dropped",
        Area.TRUNCATION,
        "wire/frames",
        "A last frame that lacks its blank line is lost.",
        text="[frame for frame in self._frames(_END) if _is_json(frame[1])]",
        instead="[]",
        tests=(
            (
                "tests/core/test_core_wire_transport.py::"
                'test_an_unterminated_event_counts_if_it_is_json[data: {"a":1}-True]'
            ),
        ),
    ),
    Mutation(
        "empty body is a body",
        Area.TRUNCATION,
        "wire/frames",
        "A body of nothing is handed to the decoder.",
        text="    if not body.strip():\n",
        instead="    if False:\n",
        tests=("tests/core/test_core_wire_transport.py::test_a_body_of_nothing_is_a_cut[nothing]",),
    ),
    Mutation(
        "web page is a body",
        Area.TRUNCATION,
        "wire/frames",
        "A web page is decoded as an answer.",
        text="    if media_type == _WEB_PAGE:\n        excerpt",
        instead="    if False:\n        excerpt",
        tests=("tests/core/test_core_wire_transport.py::test_a_web_page_gives_no_lines",),
    ),
    Mutation(
        "decoder not closed",
        Area.TRUNCATION,
        "wire/answer",
        "An answer that was complete but for its end mark is cut.",
        text="        for event in decoder.close():\n            yield event\n",
        instead="",
        tests=(
            scenario(
                "End of stream: whole all the same: after the finish reason the end of the body"
            ),
        ),
    ),
    Mutation(
        "never settled",
        Area.TRUNCATION,
        "wire/answer",
        "Nobody is told that an answer is complete but for its trailer.",
        text="                    response.settle()\n",
        instead="                    pass\n",
        tests=(
            scenario(
                "End of stream: whole all the same: after the finish reason the end of "
                "the connection"
            ),
        ),
    ),
    Mutation(
        "reads past the end mark",
        Area.TRUNCATION,
        "wire/answer",
        "After the end mark more is awaited.",
        text="if decoder.is_done:",
        instead="if False:",
        tests=("tests/core/test_core_wire_answer.py::test_frames_become_events",),
    ),
    Mutation(
        "failure in a frame passed over",
        Area.TRUNCATION,
        "wire/answer",
        "An error that came as a frame is passed over.",
        text="                        decoder.check()\n",
        instead="",
        tests=(
            scenario("Retry: errors inside a 200: an error frame that means 400, before content"),
        ),
    ),
    Mutation(
        "whole answer without an end mark",
        Area.TRUNCATION,
        "dispatch",
        "A whole answer may come without its end mark.",
        text="        if response.finish_reason is None:\n",
        instead="        if False:\n",
        tests=("tests/core/test_core_runner.py::test_a_whole_answer_without_an_end_mark_was_cut",),
    ),
    Mutation(
        "partial of a stream lost",
        Area.TRUNCATION,
        "stream",
        "The error of a stream does not carry what had come.",
        text="        error.partial = reading.response()\n",
        instead="",
        tests=(("tests/faults/test_faults_retry.py::test_giving_up_hands_over_what_was_held"),),
    ),
    Mutation(
        "partial of a chat lost",
        Area.TRUNCATION,
        "dispatch",
        "The error of a whole answer does not carry what had come.",
        text="            error.partial = folder.response()\n",
        instead="",
        tests=(
            (
                "tests/faults/test_faults_truncation.py::"
                "test_a_chat_that_stays_cut_raises_with_what_had_come"
            ),
        ),
    ),
    Mutation(
        "partial not counted",
        Area.TRUNCATION,
        "stream",
        "What came of a cut answer is not counted.",
        text="response.usage.is_known or self.is_finished or self.call.attempt == 0",
        instead="True",
        tests=("tests/core/test_core_stream.py::test_a_response_grows",),
    ),
    Mutation(
        "giant line",
        Area.TRUNCATION,
        "wire/sse",
        "A line without an end is kept in memory.",
        text='if len(rest) + (0 if rest[:1] == b":" else self._size) <= limit:',
        instead="if True:",
        tests=(
            (
                "tests/core/test_core_wire_sse.py::"
                "test_sse_a_giant_is_refused[a line that has not ended]"
            ),
        ),
    ),
    Mutation(
        "giant json line",
        Area.TRUNCATION,
        "wire/ndjson",
        "A JSON line without an end is kept in memory.",
        text="        if len(self._begun) > limit:\n",
        instead="        if False:\n",
        tests=("tests/core/test_core_wire_ndjson.py::test_ndjson_a_giant_is_refused[begun]",),
    ),
)
