"""The `headwater` command.

The modules, in the order in which a command meets them:

    _main                   the commands, and how a run ends
    _terminal, _spinner     what the standard streams can show
    _run                    the event loop, and signals
    _errors                 messages and exit codes
    _settings_file          files of settings, changed as a whole
    _settings, _key_store   defaults and aliases; keys, with _keyring for the system's own
    _asking                 what the commands that ask a model share
    _prompt, _attach        what is asked: prompt, standard input, files
    _options, _values       what is set with -o
    _chat, _kept            the command `chat`, and the conversation that it goes on with
    _interactive            `chat` without a prompt, on a terminal
    _show                   the answer for people
    _json                   the answer for programs
    _compare                the command `compare`, with _contender and _side_by_side
    _explain                the command `explain`, with _recorder and _limits
    _doctor                 the command `doctor`, with _checks
    _log                    the command `log`, with _written
    _keys, _config, _aliases    the commands of what is kept
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
