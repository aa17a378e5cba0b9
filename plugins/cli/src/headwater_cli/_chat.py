"""The command `chat`: ask a model, and show its answer as it comes."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import attrs
import click
from click.core import ParameterSource

from headwater import (
    ChatOptions,
    ChatResponse,
    ChatStream,
    HeadwaterError,
    Message,
    Runner,
    StreamMetrics,
)
from headwater.responses import unfold

from ._asking import (
    DEFAULT_MODEL,
    MODEL_VARIABLE,
    attach_option,
    choose_model,
    complete_model,
    make_runner,
    option_option,
    read_call_options,
    system_option,
    text_argument,
)
from ._json import JSONLinesReporter, JSONReporter
from ._kept import Continued, resume_session
from ._prompt import read_message
from ._run import run_until_signal
from ._settings import Settings, load_settings
from ._show import Reporter, TextReporter
from ._spinner import Spinner
from ._terminal import Screen

if TYPE_CHECKING:
    from headwater.session import Session, SessionStream

__all__ = ["chat"]

EXAMPLES: Final = """\b
Examples:
  headwater chat -m openai/gpt-5-mini "Write a haiku about rivers."
  git diff | headwater chat "Review this change."
  headwater chat -a photo.jpg -o total_s 30 "What is this?"
"""


class Form(StrEnum):
    """How the answer is wanted."""

    STREAM = "stream"
    WHOLE = "whole"
    JSON = "json"
    JSON_LINES = "jsonl"


@attrs.frozen
class Question:
    """Hold what is asked, ready to be sent.

    Attributes:
        model: Whom to ask; passed over where a conversation goes on.
        message: What is asked.
        options: The options of the call.
        continued: The conversation that it belongs to; None: to none.
        max_context_tokens: How much of that conversation is sent.
    """

    model: str
    message: str | Message
    options: ChatOptions
    continued: Continued | None
    max_context_tokens: int | None


@click.command(epilog=EXAMPLES)
@click.option(
    "-m",
    "--model",
    metavar="PROVIDER/MODEL",
    envvar=MODEL_VARIABLE,
    show_envvar=True,
    callback=text_argument,
    shell_complete=complete_model,
    help=f"Whom to ask, or an alias; without it what is set, else {DEFAULT_MODEL}.",
)
@system_option
@attach_option
@option_option
@click.option("--json", "is_json", is_flag=True, help="Print the whole answer as one JSON object.")
@click.option("--jsonl", "is_jsonl", is_flag=True, help="Print each event as a line of JSON.")
@click.option("--no-stream", "is_whole", is_flag=True, help="Ask for the answer in one piece.")
@click.option("--plain", "is_plain", is_flag=True, help="Show text as it comes, without colour.")
@click.option(
    "-c", "--continue", "is_continued", is_flag=True, help="Go on with the last conversation."
)
@click.option(
    "--id", "conversation_id", metavar="ID", help="Go on with the conversation of this id."
)
@click.option(
    "--end", "is_classic", is_flag=True, help=r"Converse; a line \end alone ends each prompt."
)
@click.option("--private", "is_private", is_flag=True, help="Converse, and keep nothing of it.")
@click.option(
    "--max-context-tokens",
    type=click.IntRange(min=1),
    metavar="N",
    help="Leave older turns out of what is sent, so that it fits.",
)
@click.argument("prompt", required=False, callback=text_argument)
def chat(
    model: str | None,
    system: str | None,
    attachments: tuple[str, ...],
    pairs: tuple[tuple[str, str], ...],
    is_json: bool,
    is_jsonl: bool,
    is_whole: bool,
    is_plain: bool,
    is_continued: bool,
    conversation_id: str | None,
    is_classic: bool,
    is_private: bool,
    max_context_tokens: int | None,
    prompt: str | None,
) -> None:
    """Ask a model, or without a PROMPT converse with it on a terminal.

    Standard input, when it is no terminal, is joined to the PROMPT. The answer goes to standard
    output as it comes, everything else to standard error.
    """
    form = _form(is_json=is_json, is_jsonl=is_jsonl, is_whole=is_whole)
    settings = load_settings()
    options = read_call_options(pairs, system, settings)
    is_plain = is_plain or settings.is_plain
    continued = None
    if is_continued or conversation_id is not None:
        continued = _continued(conversation_id, model, system, is_private=is_private)
    chosen = "" if continued is not None else _chosen(model, settings)
    if is_classic or (prompt is None and sys.stdin.isatty()):
        _check_conversation(prompt, form, is_classic=is_classic)
        from ._interactive import Manner, Wish, hold_conversation  # only here: it is much

        manner = Manner(
            is_classic=is_classic,
            is_whole=form is Form.WHOLE,
            is_plain=is_plain,
            is_private=is_private,
            has_commands=sys.stdin.isatty(),
        )
        wish = Wish(
            model=chosen,
            options=options,
            attachments=attachments,
            settings=settings,
            manner=manner,
            continued=continued,
            max_context_tokens=max_context_tokens,
        )
        raise click.exceptions.Exit(run_until_signal(hold_conversation(wish)))
    reporter = _reporter(form, is_plain=is_plain)
    try:
        message = read_message(prompt, attachments)
        question = Question(chosen, message, options, continued, max_context_tokens)
        run_until_signal(_ask(question, form, reporter))
    except HeadwaterError as error:
        reporter.fail(error)
        raise


def _continued(
    conversation_id: str | None, model: str | None, system: str | None, *, is_private: bool
) -> Continued:
    """Say what goes on; only what this command line says itself is different in it."""
    if is_private:
        raise click.UsageError("what goes on with a kept conversation is kept: leave --private out")
    source = click.get_current_context().get_parameter_source("model")
    is_given = source is ParameterSource.COMMANDLINE
    given = load_settings().resolve(model) if is_given and model is not None else None
    return Continued(conversation_id, given, system)


def _form(*, is_json: bool, is_jsonl: bool, is_whole: bool) -> Form:
    wanted = {Form.JSON: is_json, Form.JSON_LINES: is_jsonl, Form.WHOLE: is_whole}
    forms = [form for form, is_wanted in wanted.items() if is_wanted]
    if len(forms) > 1:
        raise click.UsageError("give one of --json, --jsonl and --no-stream")
    return forms[0] if forms else Form.STREAM


def _chosen(model: str | None, settings: Settings) -> str:
    chosen = choose_model(model, settings)
    if chosen.is_default:
        click.echo(
            f"No model was chosen, so this is {DEFAULT_MODEL}: choose one with -m PROVIDER/MODEL, "
            f"{MODEL_VARIABLE} or `headwater config set model`; `headwater plugins` lists the "
            "providers.",
            err=True,
        )
    return chosen.model


def _check_conversation(prompt: str | None, form: Form, *, is_classic: bool) -> None:
    """Refuse what does not go with a conversation."""
    if form in (Form.JSON, Form.JSON_LINES):
        raise click.UsageError(
            f'--{form} is for one answer: give a prompt: headwater chat "Why is the sky blue?"'
        )
    if is_classic and prompt is not None:
        raise click.UsageError("--end reads the prompts from standard input: give none")


def _reporter(form: Form, *, is_plain: bool) -> Reporter:
    if form is Form.JSON:
        return JSONReporter(sys.stdout)
    if form is Form.JSON_LINES:
        return JSONLinesReporter(sys.stdout)
    screen = Screen(sys.stdout, sys.stderr)
    screen.is_styled = screen.is_styled and not is_plain
    return TextReporter(screen, is_whole_wanted=form is Form.WHOLE)


async def _ask(question: Question, form: Form, reporter: Reporter) -> None:
    """Ask, and report the answer; whatever ends it, the connection is closed."""
    async with AsyncExitStack() as stack:
        runner = await stack.enter_async_context(make_runner())
        session = None
        if question.continued is not None:
            from headwater.store import Store  # only here: it brings a database

            store = await stack.enter_async_context(Store())
            limit = question.max_context_tokens
            session = await resume_session(
                runner, store, question.continued, max_context_tokens=limit
            )
            question.options.pop("system", None)  # the conversation has its own
            question = attrs.evolve(question, model=str(session.model))
        spinner = Spinner(f"waiting for {question.model}", sys.stderr)
        await stack.enter_async_context(spinner)
        try:
            ask = _whole if form is Form.WHOLE else _stream
            response, metrics = await ask(runner, session, question, reporter, spinner)
        finally:
            spinner.stop()
            reporter.leave()
        reporter.finish(response, metrics)


async def _stream(
    runner: Runner,
    session: Session | None,
    question: Question,
    reporter: Reporter,
    spinner: Spinner,
) -> tuple[ChatResponse, StreamMetrics]:
    if session is None:
        stream: ChatStream | SessionStream = runner.stream_chat(
            question.model, question.message, **question.options
        )
    else:
        stream = session.stream(question.message, **question.options)
    async with stream:
        async for event in stream:
            if reporter.is_live:
                spinner.stop()
            reporter.take(event)
    return stream.response, stream.metrics


async def _whole(
    runner: Runner,
    session: Session | None,
    question: Question,
    reporter: Reporter,
    spinner: Spinner,
) -> tuple[ChatResponse, None]:
    if session is None:
        response = await runner.chat(question.model, question.message, **question.options)
    else:
        response = await session.send(question.message, **question.options)
    spinner.stop()
    for event in unfold(response):
        reporter.take(event)
    return response, None
