"""Tests of the conversation on a terminal, as a person has it: keys, signals, the window."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .hanging_server import hanging_server
from .shell import TIMEOUT_S, Shell, Terminal

pytestmark = pytest.mark.slow  # each test runs a process

ECHO = ("-m", "demo/echo", "-o", "extra.delay_s", "0")
ENTER, CTRL_C, CTRL_D, CTRL_R, ALT_ENTER = "\r", "\x03", "\x04", "\x12", "\x1b\r"
PASTE = "\x1b[200~%s\x1b[201~"


@contextmanager
def _chat(shell: Shell, *arguments: str, **variables: str) -> Iterator[Terminal]:
    """Begin a conversation, and wait for the prompt."""
    with shell.terminal("chat", *(arguments or ECHO), variables=variables) as terminal:
        terminal.expect_prompt()
        yield terminal


def _say(terminal: Terminal, text: str) -> None:
    terminal.press(text + ENTER)


def test_a_conversation(shell: Shell) -> None:
    """The banner names the model, each answer is summed up, and Ctrl-D leaves."""
    with _chat(shell) as terminal:
        assert "demo/echo\n" in terminal.text
        _say(terminal, "hello there")
        terminal.expect("\nhello there\n[stop | 2 in, 2 out tokens | first content ")
        terminal.expect_prompt()
        _say(terminal, "and again")
        terminal.expect("\nand again\n[stop | 6 in, 2 out tokens")  # it knows what was said before
        terminal.expect_prompt()
        terminal.press(CTRL_D)
        assert terminal.wait() == 0
        assert terminal.echoes


def test_the_banner_tells_the_context_limit(shell: Shell) -> None:
    """Where the provider says how much its model reads, so does the banner."""
    with shell.terminal("chat", "-m", "stage/slow") as terminal:
        terminal.expect("stage/slow | context limit 128,000 tokens")


def test_a_prompt_of_several_lines(shell: Shell) -> None:
    """Alt-Enter begins a line, a pasted block keeps its own, and Enter sends them all."""
    with _chat(shell) as terminal:
        terminal.press(f"one{ALT_ENTER}two ")
        terminal.press(PASTE % "three\nfour")
        _say(terminal, "")
        terminal.expect("\none\ntwo three\nfour\n[stop | 4 in")


def test_a_block_ends_with_its_own_line(shell: Shell) -> None:
    r"""After /multi lines are written until one that is \end."""
    with _chat(shell) as terminal:
        _say(terminal, "/multi")
        terminal.expect("[end with a line \\end]")
        for line in ("one", "", "/two", "\\end"):
            _say(terminal, line)
        terminal.expect("\none\n\n/two\n[stop | 2 in")
        terminal.expect_prompt()
        _say(terminal, "and one")
        terminal.expect("\nand one\n[stop")


def test_ctrl_c_ends_the_answer_alone(shell: Shell) -> None:
    """The server sees the caller go, what came stays in the conversation, which goes on."""
    with (
        hanging_server(b"the first line\n") as server,
        _chat(shell, "-m", "stage/wire", STAGE_URL=server.url) as terminal,
    ):
        _say(terminal, "go")
        terminal.expect("\nthe first line")
        terminal.press(CTRL_C)
        terminal.expect("\n[interrupted | ")
        assert server.has_left.wait(TIMEOUT_S)
        terminal.expect("/retry asks again")
        terminal.expect_prompt()
        _say(terminal, "/history")
        terminal.expect("stage/wire (interrupted):\nthe first line\n")
        terminal.press(CTRL_D)
        assert terminal.wait() == 0


def test_ctrl_c_at_the_prompt(shell: Shell) -> None:
    """It clears what is written; with nothing written it says how to leave, and then leaves."""
    with _chat(shell) as terminal:
        terminal.press("not to be sent")
        terminal.see("not to be sent")
        terminal.press(CTRL_C)
        _say(terminal, "sent")
        terminal.expect("\nsent\n[stop | 1 in")
        terminal.expect_prompt()
        terminal.press(CTRL_C)
        terminal.expect("Ctrl-C again leaves")
        terminal.expect_prompt()
        _say(terminal, "go on")
        terminal.expect("\ngo on\n[stop")
        terminal.expect_prompt()
        terminal.press(CTRL_C)
        terminal.expect("Ctrl-C again leaves")
        terminal.expect_prompt()
        terminal.press(CTRL_C)
        assert terminal.wait() == 130
        assert terminal.echoes


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("fault-401", "Error: "),
        ("fault-error-after-3", "one two three\n[incomplete"),
        ("fault-empty", "[stop | "),
        ("fault-no-usage", "[stop | ~8 in, ~4 out"),
        ("nosuchmodel", "Error: "),
    ],
)
def test_no_failure_ends_the_conversation(shell: Shell, model: str, said: str) -> None:
    """However an answer fails, the next prompt comes."""
    with _chat(
        shell, "-m", f"demo/{model}", "-o", "extra.delay_s", "0", "-o", "attempts", "1"
    ) as t:
        _say(t, "one two three four")
        t.expect(said)
        t.expect_prompt()
        t.press(CTRL_D)
        assert t.wait() == 0
    assert "Traceback" not in t.text


def test_what_is_typed_meanwhile_waits_for_the_prompt(shell: Shell) -> None:
    """Typing does not show in the answer, and is not lost."""
    with _chat(shell, "-m", "stage/slow") as terminal:
        _say(terminal, "go")
        terminal.expect("one")
        _say(terminal, "/usage")
        assert terminal.expect("[stop | ").split() == ["two", "three"]
        terminal.expect("1 answer in the conversation")


def test_the_end_of_input_ends_it(shell: Shell) -> None:
    """Ctrl-D that was pressed during an answer leaves after it."""
    with _chat(shell, "-m", "stage/slow") as terminal:
        _say(terminal, "go")
        terminal.expect("one")
        terminal.press(CTRL_D)
        terminal.expect("[stop | ")
        assert terminal.wait() == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["term", "hup"]
)
@pytest.mark.parametrize("is_answering", [False, True], ids=["prompt", "answer"])
def test_a_signal_ends_it_in_order(
    shell: Shell, number: int, code: int, is_answering: bool
) -> None:
    """Told to end, it restores the terminal and goes at once, whatever it was doing."""
    with _chat(shell, "-m", "demo/fault-endless") as terminal:
        if is_answering:
            _say(terminal, "go")
            terminal.expect("\ngo")
        terminal.terminate(number)
        assert terminal.wait() == code
        assert terminal.echoes
    assert "Traceback" not in terminal.text
    if is_answering:  # what came is kept
        assert "demo/fault-endless" in shell.run("log", "list").out


@pytest.mark.parametrize("is_answering", [False, True], ids=["prompt", "answer"])
def test_a_closed_window_ends_it(shell: Shell, is_answering: bool) -> None:
    """When the terminal goes away the program does, and does not spin."""
    with _chat(shell, "-m", "demo/fault-endless") as terminal:
        if is_answering:
            _say(terminal, "go")
            terminal.expect("\ngo")
        terminal.hang_up()
        assert terminal.wait_quietly() in (0, 129)


def test_a_pipe_gets_the_answers_alone(shell: Shell) -> None:
    """Answers go to a pipe alone; when nobody reads them any more the conversation ends."""
    reading, writing = os.pipe()
    with shell.terminal("chat", *ECHO, out=writing) as terminal, os.fdopen(reading, "rb") as pipe:
        os.close(writing)
        terminal.expect_prompt()
        _say(terminal, "**hello**")
        terminal.expect("[stop | 1 in")
        terminal.expect_prompt()
        assert pipe.readline() == b"**hello**\n"
        pipe.close()
        _say(terminal, "nobody listens")
        assert terminal.wait() == 141


def test_earlier_prompts_are_found_again(shell: Shell) -> None:
    """The next conversation knows the prompts of this one; nobody else may read them."""
    with _chat(shell) as terminal:
        _say(terminal, "a needle in the hay")
        terminal.expect("[stop")
        terminal.expect_prompt()
        _say(terminal, "something else")
        terminal.expect("[stop")
        terminal.expect_prompt()
        terminal.press(CTRL_D)
        assert terminal.wait() == 0
    (file,) = shell.folder.rglob("prompts")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with _chat(shell) as terminal:
        terminal.press(f"{CTRL_R}needle")
        terminal.expect("a needle in the hay")
        terminal.press(ENTER)  # takes it
        terminal.press(ENTER)  # sends it
        terminal.expect("\na needle in the hay\n[stop")


def test_commands_and_models_are_completed(shell: Shell) -> None:
    """Tab completes the name of a command, and what a provider offers once it has said so."""
    with _chat(shell) as terminal:
        terminal.press("/mo")
        terminal.see("Show the model, or let another one answer")
        terminal.press("\t")
        terminal.see("/model")
        terminal.press(" stage/slo")
        terminal.see(" stage/slow ")
        terminal.press("\t" + ENTER)
        terminal.see("stage/slow | context limit")


def test_paths_are_completed(shell: Shell) -> None:
    """Tab completes the name of a file."""
    (shell.folder / "notes-on-rivers.txt").write_text("the Rhine", encoding="utf-8")
    with _chat(shell) as terminal:
        terminal.press("/attach not")
        terminal.see("notes-on-rivers.txt")
        terminal.press("\t" + ENTER)
        terminal.see("1 file goes out with the next prompt.")
        terminal.expect_prompt()
        _say(terminal, "what is it?")
        terminal.expect("the Rhine")


def test_the_window_may_change_its_size(shell: Shell) -> None:
    """In a window that was made wider the answer is shown once, in the new width."""
    words = " ".join(f"word{n}" for n in range(40))
    with shell.terminal("chat", "-m", "demo/echo") as terminal:
        terminal.resize(rows=24, columns=40)
        terminal.expect_prompt()
        _say(terminal, words)
        terminal.expect("\nword0")
        terminal.expect("word5")
        terminal.resize(rows=30, columns=100)
        terminal.expect("[stop")
    answer = terminal.text.rpartition("\nword0 ")[2].partition("\n[stop")[0]
    assert f"word0 {' '.join(answer.split())}" == words


@pytest.mark.parametrize("arguments", [["--plain"], []], ids=["asked", "no-color"])
def test_plain_is_text_as_it_comes(shell: Shell, arguments: list[str]) -> None:
    """Without rendering the answer stands as the model wrote it."""
    variables = {} if arguments else {"NO_COLOR": "1"}
    with _chat(shell, *ECHO, *arguments, **variables) as terminal:
        _say(terminal, "**bold** and `code`")
        terminal.expect("\n**bold** and `code`\n[stop")


def test_markdown_is_rendered(shell: Shell) -> None:
    """On a terminal the marks become what they mean."""
    with _chat(shell) as terminal:
        _say(terminal, "**bold** and `code`")
        terminal.expect("\nbold and code\n[stop")


def test_reasoning_is_folded_and_can_be_opened(shell: Shell) -> None:
    """What the model thought is a line, until somebody asks for it."""
    with _chat(shell, "-m", "stage/thoughts") as terminal:
        _say(terminal, "go")
        terminal.expect("[thought for 0 s; /reasoning shows it]\nFirst.\n")
        terminal.expect_prompt()
        _say(terminal, "/reasoning")
        terminal.expect("let me think")
        terminal.expect_prompt()
        _say(terminal, "/reasoning open")
        terminal.expect_prompt()
        _say(terminal, "go")
        terminal.expect("\nlet me think\nFirst.\nmore thought\n")


def test_a_provider_cannot_steer_the_terminal(shell: Shell) -> None:
    """Control characters of a provider are shown, wherever they stand."""
    with _chat(shell, "-m", "stage/hostile") as terminal:
        _say(terminal, "go")
        terminal.expect("[dropped: an image safe\\x1b[2J")
        terminal.expect("safe\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\u202eend")
        terminal.expect_prompt()
        _say(terminal, "/reasoning")
        terminal.expect("safe\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\u202eend")


def test_a_provider_that_cannot_stream(shell: Shell) -> None:
    """It says so in one line, and the answer comes whole."""
    with _chat(shell, "-m", "stage-whole/w") as terminal:
        _say(terminal, "go")
        terminal.expect("[this provider cannot stream: the answer comes whole]\nall at once\n[stop")


def test_a_model_that_wants_tools(shell: Shell) -> None:
    """None are run here, so the way on is shown."""
    with _chat(shell, "-m", "stage/tools") as terminal:
        _say(terminal, "go")
        terminal.expect('[tool call: get_weather {"city": "Zürich"}]')
        terminal.expect("/undo takes the turn back")
        terminal.expect_prompt()
        _say(terminal, "/undo")
        terminal.expect("Taken back: go")


def test_a_dumb_terminal_has_a_conversation_too(shell: Shell) -> None:
    """Where the cursor cannot move, lines are read as they are."""
    with shell.terminal("chat", *ECHO, variables={"TERM": "dumb"}) as terminal:
        terminal.expect("\n>")
        terminal.press("hello there\n")
        terminal.expect("\nhello there\n[stop | 2 in")
        assert "\x1b" not in terminal.shown
        terminal.press(CTRL_D)
        assert terminal.wait() == 0


@pytest.mark.parametrize("form", ["--json", "--jsonl"])
def test_a_form_for_one_answer_needs_a_prompt(shell: Shell, form: str) -> None:
    """A conversation is not for programs to read."""
    with shell.terminal("chat", form) as terminal:
        assert terminal.wait() == 2
    assert 'give a prompt: headwater chat "' in terminal.text


def test_the_commands(shell: Shell) -> None:
    """One after the other: each does what it says, and says what it did."""
    (shell.folder / "note.txt").write_text("a note", encoding="utf-8")
    (shell.folder / "mine.txt").write_text("my own text", encoding="utf-8")
    with _chat(shell, *ECHO, "-m", "demo/echo") as terminal:
        for typed, said in (
            ("/help", "/model [MODEL]"),
            ("/system", "No system prompt is set."),
            ("/system Be kind.", "System: Be kind."),
            ("first", "\nfirst\n[stop | 3 in, 1 out"),
            ("/system -", "No system prompt is set."),
            ("second", "\nsecond\n[stop | 3 in, 1 out"),
            ("/history 1", "You:\nsecond\n\ndemo/echo:\nsecond\n"),
            ("/undo", "Taken back: second"),
            ("/usage", "1 answer in the conversation | 6 in, 2 out tokens in all | cost unknown"),
            ("/save talk.jsonl", "Saved to talk.jsonl"),
            ("/save mine.txt", "mine.txt exists, and is no saved conversation"),
            ("/clear", "The conversation begins anew"),
            ("/history", "Nothing has been said yet."),
            ("/retry", "Error: "),
            ("/edit", "nothing has been said yet"),
            ("/load talk.jsonl", "demo/echo | goes on after 1 answer"),
            ("/load mine.txt", "Error: "),
            ("/attach nothing.here", "Error: "),
            ("/attach note.txt", "1 file goes out with the next prompt."),
            ("third", "a note"),
            ("/compare demo/eliza", "demo/eliza  stop"),
            ("/compare", "which models?"),
            ("/model nosuch/model", 'no plugin provides "nosuch"'),
            ("/model odd", "Error: "),
            ("/histroy", "Did you mean /history?"),
            ("/undo 3", "/undo takes nothing after it."),
        ):
            _say(terminal, typed)
            terminal.expect(said)
            terminal.expect_prompt()
        _say(terminal, "/exit")
        assert terminal.wait() == 0
    assert (shell.folder / "mine.txt").read_text(encoding="utf-8") == "my own text"


def test_a_prompt_is_edited(shell: Shell) -> None:
    """The last prompt comes back to be changed, and its answer is replaced."""
    with _chat(shell) as terminal:
        _say(terminal, "one too")
        terminal.expect("[stop")
        terminal.expect_prompt()
        _say(terminal, "/edit")
        terminal.expect_prompt()
        terminal.expect("> one too")
        _say(terminal, "\x7f\x7fwo")
        terminal.expect("\none two\n[stop | 2 in")
        terminal.expect_prompt()
        _say(terminal, "/history")
        terminal.expect("You:\none two\n\ndemo/echo:\none two\n")
        assert "You:\none too" not in terminal.text
