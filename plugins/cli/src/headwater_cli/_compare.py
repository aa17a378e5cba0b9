"""The command `compare`: several models, one question."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import click

from headwater import ChatOptions, Message, Runner
from headwater.errors import printable

from ._asking import (
    attach_option,
    choose_model,
    complete_model,
    make_runner,
    option_option,
    read_call_options,
    system_option,
    text_argument,
)
from ._contender import SUMMARY_HEADS, Contender
from ._errors import ExitCode, message_of
from ._json import error_fields, response_fields, write_json
from ._prompt import read_message
from ._run import run_until_signal
from ._settings import load_settings
from ._spinner import Spinner
from ._table import write_table
from ._terminal import as_line, is_styled
from ._values import as_text

__all__ = ["compare", "race"]


@click.command()
@click.option(
    "-m",
    "--model",
    "models",
    metavar="PROVIDER/MODEL",
    multiple=True,
    shell_complete=complete_model,
    help="Whom to ask, or an alias; twice at least.",
)
@system_option
@attach_option
@option_option
@click.option("--json", "is_json", is_flag=True, help="Print the answers as one JSON object.")
@click.option("--plain", "is_plain", is_flag=True, help="Let the answers follow one another.")
@click.argument("prompt", required=False, callback=text_argument)
def compare(
    models: tuple[str, ...],
    system: str | None,
    attachments: tuple[str, ...],
    pairs: tuple[tuple[str, str], ...],
    is_json: bool,
    is_plain: bool,
    prompt: str | None,
) -> None:
    """Ask several models the same, all at once, and put their answers side by side.

    On a terminal the answers grow beside each other, elsewhere they follow one another; a table of
    speed, usage and cost ends both. One that fails leaves the others running, and the exit code is
    1 then.
    """
    if len(models) < 2:
        raise click.UsageError("give two models or more: -m PROVIDER/MODEL -m PROVIDER/MODEL")
    if prompt is None and sys.stdin.isatty():
        raise click.UsageError("give a prompt to put to the models")
    settings = load_settings()
    options = read_call_options(pairs, system, settings)
    chosen = [choose_model(as_text(model), settings).model for model in models]
    message = read_message(prompt, attachments)
    show = _race_for_json if is_json else partial(race, is_plain=is_plain or settings.is_plain)
    contenders = run_until_signal(_compared(chosen, message, options, show))
    failed = [one for one in contenders if one.error is not None]
    for one in failed:
        assert one.error is not None  # that is why it is here
        click.echo(f"{as_line(one.model)}: {message_of(one.error)}", err=True)
    if failed:
        raise click.exceptions.Exit(ExitCode.FAILED)


async def _compared(
    models: Sequence[str],
    message: str | Message,
    options: ChatOptions,
    show: Callable[[Sequence[Contender]], Awaitable[None]],
) -> list[Contender]:
    async with make_runner() as runner:
        contenders = [_contender(runner, model, message, options) for model in models]
        await show(contenders)
    return contenders


async def _race_for_json(contenders: Sequence[Contender]) -> None:
    async with Spinner("waiting for the answers", sys.stderr):
        await _run_all(contenders)
    _look_up_costs(contenders)
    write_json({"answers": [_fields(one) for one in contenders]}, sys.stdout)


async def race(contenders: Sequence[Contender], *, is_plain: bool = False) -> None:
    """Run them all, and show their answers side by side, or one after the other."""
    if is_styled(sys.stdout) and not is_plain and _fits(len(contenders)):
        await _race_in_columns(contenders)
    else:
        await _race_in_sections(contenders)


def _contender(
    runner: Runner, model: str, message: str | Message, options: ChatOptions
) -> Contender:
    return Contender(model, runner.stream_chat(model, message, **options))


def _fits(count: int) -> bool:
    from ._side_by_side import fits_side_by_side  # here, and below: it imports rich

    return fits_side_by_side(count, sys.stdout)


async def _race_in_columns(contenders: Sequence[Contender]) -> None:
    from ._side_by_side import LiveColumns, write_columns

    try:
        async with LiveColumns(contenders, sys.stdout):
            await _run_all(contenders)
    finally:  # what came before an interruption stays
        write_columns(contenders, sys.stdout)
        _write_summary(contenders)


async def _race_in_sections(contenders: Sequence[Contender]) -> None:
    """Write each answer when it and all before it are over."""
    unwritten = list(contenders)
    async with Spinner("waiting for the answers", sys.stderr) as spinner:
        try:
            async with asyncio.TaskGroup() as tasks:
                for task in [tasks.create_task(one.run()) for one in contenders]:
                    await task
                    spinner.stop()
                    _write_section(unwritten.pop(0))
        finally:
            spinner.stop()
            for one in unwritten:  # what came before an interruption
                _write_section(one)
            _write_summary(contenders)


async def _run_all(contenders: Sequence[Contender]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for one in contenders:
            tasks.create_task(one.run())


def _write_section(one: Contender) -> None:
    text = one.text.strip("\n")
    if sys.stdout.isatty():
        text = printable(text.replace("\r\n", "\n"))
    lines = [f"== {as_line(one.model)} ==", text, one.broke_off()]
    sys.stdout.write("\n".join(line for line in lines if line) + "\n\n")
    sys.stdout.flush()  # not by click, which would change the text on a pipe


def _write_summary(contenders: Sequence[Contender]) -> None:
    _look_up_costs(contenders)
    write_table(SUMMARY_HEADS, [one.summary() for one in contenders], sys.stdout)


def _look_up_costs(contenders: Sequence[Contender]) -> None:
    for one in contenders:
        one.look_up_cost()


def _fields(one: Contender) -> dict[str, Any]:
    return {
        "model": one.model,
        "response": response_fields(one.response, one.metrics),
        "cost": None if one.cost is None else str(one.cost),
        "error": None if one.error is None else error_fields(one.error),
    }
