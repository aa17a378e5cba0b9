"""How the decoders know the end of an answer, broken."""

from __future__ import annotations

from typing import Final

from .mutation import Area, Mutation, scenario

__all__ = ["MUTATIONS"]

MUTATIONS: Final[tuple[Mutation, ...]] = (
    Mutation(
        "chat completions: the bytes' end is an end mark",
        Area.TRUNCATION,
        "chat-completions: _decode",
        "The end of the bytes is taken for the end of the answer.",
        text="if self.is_done or (self._reason is None and not self._is_whole):",
        instead="if self.is_done:",
        tests=(
            (
                "tests/chat_completions/test_chat_completions_decode.py::"
                "test_an_answer_without_names_starts_all_the_same"
            ),
        ),
    ),
    Mutation(
        "chat completions: settled with a choice open",
        Area.TRUNCATION,
        "chat-completions: _decode",
        "The end of the first choice is that of all.",
        text="        self.is_settled = self.is_settled or not self._open_choices\n",
        instead="        self.is_settled = True\n",
        tests=(
            (
                "tests/chat_completions/test_chat_completions_decode.py::"
                "test_choices_past_the_first_never_mix_with_the_text"
            ),
        ),
    ),
    Mutation(
        "chat completions: a count before the end is final",
        Area.TRUNCATION,
        "chat-completions: _decode",
        "A count that came before the finish reason is given as the last one.",
        text="if not has_end_mark and not self._is_usage_final:",
        instead="if usage is None:",
        tests=(
            (
                "tests/chat_completions/test_chat_completions_decode.py::"
                "test_a_server_that_does_not_stream_is_read"
            ),
        ),
    ),
    Mutation(
        "chat completions: broken off is finished",
        Area.TRUNCATION,
        "chat-completions: _decode",
        "An answer that the provider broke off is a whole one.",
        text="if reason == _ERROR_REASON and self._failure is None:",
        instead="if False:",
        tests=(
            (
                "tests/chat_completions/test_chat_completions_broken.py::"
                "test_an_error_inside_a_stream_is_raised[reason]"
            ),
        ),
    ),
    Mutation(
        "chat completions: error beside the choices",
        Area.TRUNCATION,
        "chat-completions: _decode",
        "An error in a chunk is passed over.",
        text="self._failure = self._failure or error\n",
        instead="pass\n",
        tests=(
            (
                "tests/chat_completions/test_chat_completions_broken.py::"
                "test_an_error_inside_a_stream_is_raised[bare]"
            ),
        ),
    ),
    Mutation(
        "anthropic: the bytes' end is an end mark",
        Area.TRUNCATION,
        "anthropic: _decode",
        "The end of the bytes is taken for the end of the answer.",
        text="if self._reason is not None and not self.is_done:",
        instead="if not self.is_done:",
        tests=(("tests/anthropic/test_anthropic_decode.py::test_an_end_without_any_mark_is_none"),),
    ),
    Mutation(
        "anthropic: not settled by its reason",
        Area.TRUNCATION,
        "anthropic: _decode",
        "An answer is not complete before its end mark.",
        text="            self.is_settled = True\n",
        instead="",
        tests=(
            scenario(
                "End of stream: whole all the same: after the finish reason a reset",
                wire="anthropic",
            ),
        ),
    ),
    Mutation(
        "google: the bytes' end is an end mark",
        Area.TRUNCATION,
        "google: _decode",
        "The end of the bytes is taken for the end of the answer.",
        text="        if not self._has_end:\n            return events\n",
        instead="",
        tests=("tests/google/test_google_calls.py::test_a_call_that_is_cut_is_none",),
    ),
    Mutation(
        "google: settled with a candidate open",
        Area.TRUNCATION,
        "google: _decode",
        "The end of the first candidate is that of all.",
        text="has_end and not self._open_candidates",
        instead="has_end",
        tests=(
            (
                "tests/google/test_google_decode.py::"
                "test_further_candidates_do_not_mix_with_the_text"
            ),
        ),
    ),
    Mutation(
        "google: error passed over",
        Area.TRUNCATION,
        "google: _decode",
        "An error in a chunk is passed over.",
        text='            self._failure = frame_error({"error": chunk.error})\n',
        instead="",
        tests=(
            (
                "tests/google/test_google_decode.py::"
                "test_an_error_in_mid_stream_comes_after_what_was_said"
            ),
        ),
    ),
    Mutation(
        "google: a count before the end is final",
        Area.TRUNCATION,
        "google: _decode",
        "A count that came before the finish reason is given as the last one.",
        text="if not self._is_usage_final:",
        instead="if usage is None:",
        tests=("tests/google/test_google_decode.py::test_the_last_count_counts",),
    ),
    Mutation(
        "ollama: the bytes' end is an end mark",
        Area.TRUNCATION,
        "ollama: _decode",
        "The end of the bytes is taken for the end of the answer.",
        text="        return []\n",
        instead=(
            "        return [] if self.is_done else [Finished(FinishReason.OTHER, None, None)]\n"
        ),
        tests=(
            (
                "tests/ollama/test_ollama_plugin.py::"
                "test_a_stream_without_its_end_mark_is_interrupted"
            ),
        ),
    ),
    Mutation(
        "ollama: error passed over",
        Area.TRUNCATION,
        "ollama: _decode",
        "A line that says what went wrong is passed over.",
        text="        if read.error:\n",
        instead="        if read.error and not self._has_started:\n",
        tests=("tests/ollama/test_ollama_decode.py::test_an_error_line_is_an_error[text]",),
    ),
    Mutation(
        "ollama: lines after the end",
        Area.TRUNCATION,
        "ollama: _decode",
        "What follows the end mark of a whole body counts.",
        text="if line.strip() and not self.is_done:",
        instead="if line.strip():",
        tests=("tests/ollama/test_ollama_decode.py::test_nothing_counts_after_the_end_mark",),
    ),
    Mutation(
        "responses: the bytes' end is an end mark",
        Area.TRUNCATION,
        "responses: _decode",
        "The end of the bytes is taken for the end of the answer.",
        text=(
            '        """Take the end of the bytes: an answer that is not complete '
            'by then was cut."""\n'
            "        return []\n"
        ),
        instead=(
            '        """Take the end of the bytes: an answer that is not complete '
            'by then was cut."""\n'
            "        return [] if self.is_done else [Finished(FinishReason.OTHER, None, None)]\n"
        ),
        tests=(
            "tests/responses/test_responses_plugin.py::test_a_cut_stream_is_never_a_success[0]",
        ),
    ),
    Mutation(
        "responses: failed is finished",
        Area.TRUNCATION,
        "responses: _decode",
        "A response that failed without a word is a whole answer.",
        text='if status == "failed" or (answer.error and status != "completed"):',
        instead='if answer.error and status != "completed":',
        tests=("tests/responses/test_responses_errors.py::test_an_error_without_words_gets_some",),
    ),
    Mutation(
        "responses: goes on after the end",
        Area.TRUNCATION,
        "responses: _decode",
        "What follows the end of a response counts.",
        text="        if not self.is_done:\n            self._take(",
        instead="        if True:\n            self._take(",
        tests=("tests/responses/test_responses_ends.py::test_nothing_comes_after_the_end",),
    ),
    Mutation(
        "responses: incomplete is complete",
        Area.TRUNCATION,
        "responses: _decode",
        "A response that was cut short by a limit is complete.",
        text="answer.status or _ENDINGS[kind]",
        instead='"completed"',
        tests=(
            (
                "tests/responses/test_responses_decode.py::"
                "test_broken_arguments_are_never_taken_for_some"
            ),
        ),
    ),
)
