"""The command `chat`: ask a model, and show its answer as it comes."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Final

import attrs
import click
from click.shell_completion import CompletionItem

from headwater import ChatOptions, ChatResponse, HeadwaterError, Message, Runner, StreamMetrics
from headwater.responses import unfold

from ._installed import provider_names
from ._json import JSONLinesReporter, JSONReporter
from ._options import OPTION_NAMES, read_options
from ._prompt import read_message
from ._run import run_until_signal
from ._show import Reporter, TextReporter
from ._spinner import Spinner
from ._terminal import Screen
from ._values import as_text

__all__ = ["chat"]

DEFAULT_MODEL: Final = "demo/eliza"
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
    """Hold what is asked, ready to be sent."""

    model: str
    message: str | Message
    options: ChatOptions


def _text(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    return None if value is None else as_text(value)


def _complete_model(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    names = [f"{name}/" for name in provider_names()]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _complete_option(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return [CompletionItem(name) for name in OPTION_NAMES if name.startswith(incomplete)]


@click.command(epilog=EXAMPLES)
@click.option(
    "-m",
    "--model",
    metavar="PROVIDER/MODEL",
    envvar="HEADWATER_MODEL",
    show_envvar=True,
    callback=_text,
    shell_complete=_complete_model,
    help=f"Whom to ask; without it {DEFAULT_MODEL}.",
)
@click.option("-s", "--system", metavar="TEXT", callback=_text, help="How the model should behave.")
@click.option(
    "-a",
    "--attach",
    "attachments",
    metavar="FILE|URL",
    multiple=True,
    shell_complete=lambda _context, _parameter, incomplete: [CompletionItem(incomplete, "file")],
    help="Send an image, sound, video, document or text file along; may be repeated.",
)
@click.option(
    "-o",
    "--option",
    "pairs",
    metavar="KEY VALUE",
    nargs=2,
    multiple=True,
    shell_complete=_complete_option,
    help="Set an option of the call, a limit (total_s 30) or extra.KEY; may be repeated.",
)
@click.option("--json", "is_json", is_flag=True, help="Print the whole answer as one JSON object.")
@click.option("--jsonl", "is_jsonl", is_flag=True, help="Print each event as a line of JSON.")
@click.option("--no-stream", "is_whole", is_flag=True, help="Ask for the answer in one piece.")
@click.argument("prompt", required=False, callback=_text)
def chat(
    model: str | None,
    system: str | None,
    attachments: tuple[str, ...],
    pairs: tuple[tuple[str, str], ...],
    is_json: bool,
    is_jsonl: bool,
    is_whole: bool,
    prompt: str | None,
) -> None:
    """Ask a model.

    Standard input, when it is no terminal, is joined to the PROMPT. The answer goes to standard
    output as it comes, everything else to standard error.
    """
    if prompt is None and sys.stdin.isatty():
        raise click.UsageError('give a prompt: headwater chat "Why is the sky blue?"')
    form = _form(is_json=is_json, is_jsonl=is_jsonl, is_whole=is_whole)
    options = _options(pairs, system)
    reporter = _reporter(form)
    try:
        message = read_message(prompt, attachments)
        question = Question(_chosen(model), message, options)
        run_until_signal(_ask(question, form, reporter))
    except HeadwaterError as error:
        reporter.fail(error)
        raise


def _form(*, is_json: bool, is_jsonl: bool, is_whole: bool) -> Form:
    wanted = {Form.JSON: is_json, Form.JSON_LINES: is_jsonl, Form.WHOLE: is_whole}
    forms = [form for form, is_wanted in wanted.items() if is_wanted]
    if len(forms) > 1:
        raise click.UsageError("give one of --json, --jsonl and --no-stream")
    return forms[0] if forms else Form.STREAM


def _options(pairs: tuple[tuple[str, str], ...], system: str | None) -> ChatOptions:
    try:
        options = read_options(pairs)
    except click.BadParameter as error:
        raise click.UsageError(f"-o {error.message}") from None
    if system is not None:
        if "system" in options:
            raise click.UsageError("the system prompt is given twice: with -s and with -o system")
        options["system"] = system
    return options


def _chosen(model: str | None) -> str:
    if model is not None:
        return model
    click.echo(
        f"No model was chosen, so this is {DEFAULT_MODEL}: choose one with -m PROVIDER/MODEL or "
        "HEADWATER_MODEL; `headwater plugins` lists the providers.",
        err=True,
    )
    return DEFAULT_MODEL


def _reporter(form: Form) -> Reporter:
    if form is Form.JSON:
        return JSONReporter(sys.stdout)
    if form is Form.JSON_LINES:
        return JSONLinesReporter(sys.stdout)
    return TextReporter(Screen(sys.stdout, sys.stderr), is_whole_wanted=form is Form.WHOLE)


async def _ask(question: Question, form: Form, reporter: Reporter) -> None:
    """Ask, and report the answer; whatever ends it, the connection is closed."""
    async with Runner() as runner, Spinner(f"waiting for {question.model}", sys.stderr) as spinner:
        try:
            ask = _whole if form is Form.WHOLE else _stream
            response, metrics = await ask(runner, question, reporter, spinner)
        finally:
            spinner.stop()
            reporter.leave()
        reporter.finish(response, metrics)


async def _stream(
    runner: Runner, question: Question, reporter: Reporter, spinner: Spinner
) -> tuple[ChatResponse, StreamMetrics]:
    stream = runner.stream_chat(question.model, question.message, **question.options)
    async with stream:
        async for event in stream:
            if reporter.is_live:
                spinner.stop()
            reporter.take(event)
    return stream.response, stream.metrics


async def _whole(
    runner: Runner, question: Question, reporter: Reporter, spinner: Spinner
) -> tuple[ChatResponse, None]:
    response = await runner.chat(question.model, question.message, **question.options)
    spinner.stop()
    for event in unfold(response):
        reporter.take(event)
    return response, None
