"""The conversation on a terminal, and that with a script in place of a person.

The modules, in the order in which a prompt meets them:

    _start                      from the command line to a conversation
    _loop                       a prompt is read, and said to the model or carried out
    _source                     where prompts come from: the shape
    _lines                      a pipe, a file, a dumb terminal
    _terminal_source            a terminal: keys, history, completion
    _history, _completion
    _commands, _actions         what stands after a slash, and what it does
    _talk                       the session, and what is kept beside it
    _catalog                    what the providers offer
    _turn                       one turn, which Ctrl-C ends
    _display                    what is shown, and where
    _view                       an answer in Markdown, while it is written
    _blocks, _markdown, _live   its blocks, their lines, and those that may still change
    _classic                    the words of the classic programs
"""

from __future__ import annotations

from ._start import Wish, hold_conversation
from ._talk import Manner

__all__ = ["Manner", "Wish", "hold_conversation"]
