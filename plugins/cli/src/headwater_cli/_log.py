"""The command `log`: the conversations that are kept."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from headwater.errors import printable

from ._json import write_json
from ._run import run_until_signal
from ._show import cost_text, usage_line
from ._table import write_table
from ._terminal import as_line, dimmed, is_styled

if TYPE_CHECKING:
    from headwater import ChatResponse
    from headwater.store import ConversationSummary, Found, KeptConversation, Store
    from headwater.turns import Turn

__all__ = ["log"]

T = TypeVar("T")

_HEADS: Final = ("ID", "CHANGED", "MODEL", "TURNS", "COST", "TITLE")
_FOUND_HEADS: Final = ("ID", "TURN", "ASKED", "FOUND")
_MAX_TITLE_CHARS: Final = 60

_identity = click.argument("conversation_id", metavar="ID")


@click.group()
def log() -> None:
    """Look at the conversations that are kept: those of `headwater chat` without a prompt.

    An ID may be shortened to any beginning of it that no other has.
    """


@log.command("list")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, help="At most so many; 20.")
@click.option("--json", "is_json", is_flag=True, help="Print a list of JSON objects.")
def list_conversations(limit: int, is_json: bool) -> None:
    """List the conversations, the one changed last first."""
    found = _with_store(lambda store: store.conversations()) or []
    shown = found[:limit]
    if is_json:
        from ._written import summary_fields  # here, as in all of these: an extra

        write_json([summary_fields(summary) for summary in shown], sys.stdout)
    elif shown:
        write_table(_HEADS, [_row(summary) for summary in shown], sys.stdout)
        if len(shown) < len(found):
            click.echo(f"{len(found) - len(shown)} more: -n {len(found)}", err=True)
    else:
        click.echo("No conversation is kept.", err=True)


@log.command("show")
@_identity
def show_conversation(conversation_id: str) -> None:
    """Print a conversation."""
    kept = _kept(conversation_id)
    from ._written import message_text

    is_dimmed = is_styled(sys.stdout)
    for turn in kept.turns:
        for message in turn.asked:
            text = message_text(message)
            _print("".join(f"> {line}\n" for line in text.split("\n")) + "\n")
        if turn.answer is not None:
            _print(message_text(turn.answer) + "\n\n")
        if turn.response is not None:
            line = _facts_line(turn, turn.response)
            click.echo((dimmed(line) if is_dimmed else line) + "\n")


@log.command("search")
@click.argument("text")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, help="At most so many; 20.")
@click.option("--json", "is_json", is_flag=True, help="Print a list of JSON objects.")
def search_conversations(text: str, limit: int, is_json: bool) -> None:
    """Find the turns in which all words of TEXT were said, by either side.

    A word is found by its beginning, and "several words" in quotes as they stand.
    """
    found = _with_store(lambda store: store.search(text, limit=limit)) or []
    if is_json:
        write_json([_found_fields(one) for one in found], sys.stdout)
    elif found:
        write_table(_FOUND_HEADS, [_found_row(one) for one in found], sys.stdout)
    else:
        click.echo("Nothing was found.", err=True)
        raise click.exceptions.Exit(1)


@log.command("export")
@_identity
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "jsonl", "markdown"]),
    default="markdown",
    help="What to write; markdown.",
)
def export_conversation(conversation_id: str, form: str) -> None:
    """Write a conversation to standard output: to read, to process, or to load again."""
    kept = _kept(conversation_id)
    from ._written import as_json, as_json_lines, as_markdown

    match form:
        case "json":
            write_json(as_json(kept), sys.stdout)
        case "jsonl":
            _print(_with_store(lambda store: as_json_lines(store, kept.summary.id)) or "")
        case _:
            _print(as_markdown(kept))


@log.command("remove")
@_identity
def remove_conversation(conversation_id: str) -> None:
    """Take a conversation away, for good."""

    async def remove(store: Store) -> None:
        await store.delete(conversation_id)

    kept = _kept(conversation_id)
    _with_store(remove)
    click.echo(f"The conversation {kept.summary.id} is no longer kept.")


def _kept(conversation_id: str) -> KeptConversation:
    kept = _with_store(lambda store: store.conversation(conversation_id))
    if kept is None:
        raise click.UsageError("no conversation is kept")
    return kept


def _with_store(work: Callable[[Store], Awaitable[T]]) -> T | None:
    """Ask the store; None: there is none yet, and it is not made for that.

    Raises:
        ConfigurationError: The extra `headwater[store]` is not installed.
    """
    from headwater.store import Store  # here: it needs an extra, and a database

    store = Store()
    if not store.path.exists():
        return None

    async def ask() -> T:
        async with store:
            return await work(store)

    return run_until_signal(ask())


def _row(summary: ConversationSummary) -> tuple[str, ...]:
    title = as_line(summary.title)
    return (
        summary.id,
        _local(summary.updated_at),
        str(summary.model),
        str(summary.turn_count),
        "?" if summary.cost_usd is None else cost_text(Decimal(str(summary.cost_usd))),
        title if len(title) <= _MAX_TITLE_CHARS else f"{title[: _MAX_TITLE_CHARS - 1]}…",
    )


def _found_row(found: Found) -> tuple[str, ...]:
    position = str(found.position + 1)
    return (found.conversation_id, position, _local(found.started_at), found.excerpt)


def _found_fields(found: Found) -> dict[str, Any]:
    return {
        "id": found.conversation_id,
        "title": found.title,
        "position": found.position,
        "started_at": found.started_at.isoformat(),
        "asked": found.asked,
        "answer": found.answer,
        "excerpt": found.excerpt,
    }


def _facts_line(turn: Turn, response: ChatResponse) -> str:
    facts = usage_line(response, None, is_interrupted=turn.is_interrupted)
    model = "" if turn.model is None else f"{as_line(str(turn.model))}, "
    return f"{model}{_local(turn.started_at)} {facts}"


def _print(text: str) -> None:
    """Print what was said: on a terminal without what would steer it, elsewhere as it is."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def _local(when: datetime) -> str:
    return f"{when.astimezone():%Y-%m-%d %H:%M}"
