"""The `headwater` command.

The modules, in the order in which a command meets them:

    _main                   the commands, and how a run ends
    _terminal, _spinner     what the standard streams can show
    _run                    the event loop, and signals
    _errors                 messages and exit codes
    _chat                   the command `chat`
    _prompt, _attach        what is asked: prompt, standard input, files
    _options, _values       what is set with -o
    _show                   the answer for people
    _json                   the answer for programs
    _installed              what is installed, by its metadata
    _plugins, _models       the commands `plugins` and `models`
    _table                  rows for people

Nothing here is an API but `main`.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line, and exit."""
    try:
        from ._main import run  # here, so that Ctrl-C is quiet while all else is imported
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))
