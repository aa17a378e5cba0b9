"""The commands, and how a run ends."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final

import click
from click.shell_completion import shell_complete

from headwater import HeadwaterError, __version__
from headwater.errors import printable

from ._aliases import aliases
from ._chat import chat
from ._compare import compare
from ._config import config
from ._doctor import doctor
from ._errors import ExitCode, exit_code, message_of
from ._explain import explain
from ._installed import installed_distributions
from ._keys import keys
from ._log import log
from ._models import models
from ._new_provider import new_provider
from ._plugins import plugins
from ._replay import replay
from ._run import Terminated
from ._terminal import prepare_streams, silence_streams

__all__ = ["commands", "run"]

PROGRAM: Final = "headwater"
COMPLETION_VARIABLE: Final = "_HEADWATER_COMPLETE"
TRACEBACK_VARIABLE: Final = "HEADWATER_TRACEBACK"


def _show_versions(context: click.Context, _parameter: click.Parameter, is_wanted: bool) -> None:
    if not is_wanted or context.resilient_parsing:
        return
    click.echo(f"headwater {__version__}")
    for name, version in installed_distributions():
        click.echo(f"{name} {version}")
    context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_versions,
    help="Show the versions of the core and of each plugin, and exit.",
)
def commands() -> None:
    """Chat with language models, whoever provides them."""


for command in (
    aliases,
    chat,
    compare,
    config,
    doctor,
    explain,
    keys,
    log,
    models,
    new_provider,
    plugins,
    replay,
):
    commands.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run a command line, and tell how it ended.

    Not `click.Group.main`: it has an opinion of its own on Ctrl-C and broken pipes.
    """
    prepare_streams()
    try:
        code = _run(list(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        silence_streams()
        return ExitCode.BROKEN_PIPE
    except OSError as error:
        silence_streams()
        return ExitCode.HUNG_UP if error.errno == errno.EIO else ExitCode.FAILED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Terminated as ending:
        if ending.exit_code == ExitCode.HUNG_UP:
            silence_streams()  # the terminal is gone
        return ending.exit_code
    return code


def _run(arguments: list[str]) -> int:
    try:
        return _invoke(arguments)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except HeadwaterError as error:
        click.echo(message_of(error), err=True)
        return exit_code(error)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # the last resort: people are shown no traceback
        return _failed(error)


def _invoke(arguments: list[str]) -> int:
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        return shell_complete(commands, {}, PROGRAM, COMPLETION_VARIABLE, instruction)
    with commands.make_context(PROGRAM, arguments) as context:
        commands.invoke(context)
    return ExitCode.OK


def _failed(error: Exception) -> int:
    """Tell of an error that is nobody's but ours, or the machine's."""
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    elif isinstance(error, OSError):
        click.echo(f"Error: {printable(str(error))}", err=True)
    else:
        click.echo(
            f"Error: {type(error).__name__}: {printable(str(error))}\n"
            f"Hint: this is a fault of the program; {TRACEBACK_VARIABLE}=1 shows where.",
            err=True,
        )
    return ExitCode.FAILED
