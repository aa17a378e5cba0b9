"""The command `replay`: what a recording holds, and what the plugin makes of it."""

from __future__ import annotations

import json
import math
import sys
from enum import StrEnum
from typing import Final

import attrs
import click

from headwater import Event, HeadwaterError, Runner, TextDelta, Usage
from headwater.responses import unfold
from headwater.testing.replay import ReplayTransport
from headwater.testing.replay_provider import recorded_model, recorded_provider
from headwater.wire.recording import Recording

from ._errors import exit_code, message_of
from ._json import error_fields, event_fields, write_json
from ._run import run_until_signal
from ._terminal import as_line

__all__ = ["replay"]

_HEAD: Final = (
    "provider", "model", "operation", "attempt", "recorded_at", "answered_at_s", "status",
    "headers",
)  # fmt: skip
_END: Final = ("ending", "ended_at_s", "error", "message")
_PROMPT: Final = "Hello."  # encoded and thrown away: the answer is there already
_MAX_SHOWN_CHARS: Final = 2000  # of the request's body: an attachment has millions


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--raw", "is_raw", is_flag=True, help="Show the bytes as they came, not the events.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON lines.")
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=math.inf,
    help="Play at that speed; 1 is the recording's own. Without it nothing waits.",
)
@click.option("--provider", help="Have the plugin of this provider decode it.")
def replay(file: str, is_raw: bool, is_json: bool, speed: float, provider: str | None) -> None:
    """Show a recording: the request, the events as they came, and how it ended.

    HEADWATER_RECORD=DIR makes recordings. Nothing is sent, and no key is needed.
    """
    recording = Recording.read(file)
    if provider is not None:
        name = recorded_model(recording).name
        recording = attrs.evolve(recording, provider=provider, model=f"{provider}/{name}")
    view = _JSONLines() if is_json else _Lines()
    view.begin(recording)
    if is_raw or recording.model is None:
        for chunk in recording.chunks:
            view.chunk(chunk.at_s, chunk.data)
        view.end(recording)
        return
    failure = run_until_signal(_play(recording, view, speed))
    view.end(recording)
    if failure is not None:
        view.fail(failure)
        raise click.exceptions.Exit(exit_code(failure))


async def _play(
    recording: Recording, view: _Lines | _JSONLines, speed: float
) -> HeadwaterError | None:
    """Have the plugin decode the recording, and show each event with the time of its chunk."""
    model = recorded_model(recording)
    transport = ReplayTransport.of(recording, speed=speed)
    provider = recorded_provider(recording)
    runner = Runner(providers={model.provider: provider}, transport=transport, middleware=())

    def show(event: Event) -> None:
        read = transport.exchanges[-1].chunks_read if transport.exchanges else 0
        view.event(recording.chunks[read - 1].at_s if read else recording.answered_at_s, event)

    try:
        async with runner:
            if recording.operation == "chat":
                for event in unfold(await runner.chat(model, _PROMPT)):
                    show(event)
                return None
            async with runner.stream_chat(model, _PROMPT) as stream:
                async for event in stream:
                    show(event)
    except HeadwaterError as error:
        return error
    return None


class _Lines:
    """Show a recording to people."""

    def begin(self, recording: Recording) -> None:
        request = recording.request
        what = recording.model or recording.provider or "no model"
        click.echo(
            f"{as_line(what)}, {as_line(recording.operation or 'request')}, attempt "
            f"{recording.attempt}, {as_line(recording.recorded_at)}"
        )
        click.echo(f"{as_line(request.method)} {as_line(request.url)}")
        for name, value in request.headers.items():
            click.echo(f"  {as_line(name)}: {as_line(value)}")
        if request.body is not None:
            click.echo(f"  {as_line(_shortened(request.body.decode('utf-8', 'replace')))}")
        if recording.status is not None:
            media_type = recording.headers.get("content-type", "")
            _timed(recording.answered_at_s, f"{recording.status} {as_line(media_type)}")

    def event(self, at_s: float | None, event: Event) -> None:
        _timed(at_s, as_line(_told(event)))

    def chunk(self, at_s: float, data: bytes) -> None:
        _timed(at_s, f"{len(data)} bytes  {as_line(data.decode('utf-8', 'backslashreplace'))}")

    def end(self, recording: Recording) -> None:
        why = f": {recording.error}: {recording.message}" if recording.error else ""
        _timed(recording.ended_at_s, as_line(f"{recording.ending}{why}"))

    def fail(self, error: HeadwaterError) -> None:
        click.echo(message_of(error), err=True)


class _JSONLines:
    """Show a recording to programs."""

    def begin(self, recording: Recording) -> None:
        request = recording.request
        body = None if request.body is None else request.body.decode("utf-8", "backslashreplace")
        asked = {**attrs.asdict(request), "body": body}
        fields = attrs.asdict(recording, filter=lambda field, _: field.name in _HEAD)
        write_json({**fields, "request": asked}, sys.stdout)

    def event(self, at_s: float | None, event: Event) -> None:
        write_json({"at_s": at_s, **event_fields(event)}, sys.stdout)

    def chunk(self, at_s: float, data: bytes) -> None:
        write_json({"at_s": at_s, "chunk": data.decode("utf-8", "backslashreplace")}, sys.stdout)

    def end(self, recording: Recording) -> None:
        write_json(attrs.asdict(recording, filter=lambda field, _: field.name in _END), sys.stdout)

    def fail(self, error: HeadwaterError) -> None:
        write_json({"event": "error", **error_fields(error)}, sys.stdout)


def _timed(at_s: float | None, text: str) -> None:
    when = "       -" if at_s is None else f"{at_s:8.3f}"
    click.echo(f"{when}  {text}")


def _told(event: Event) -> str:
    """Say what an event is and holds."""
    if isinstance(event, TextDelta) and event.replay is None:
        return f"TextDelta {json.dumps(event.text, ensure_ascii=False)}"
    fields = [
        f"{field.name}={_value(value)}"
        for field in attrs.fields(type(event))
        if (value := getattr(event, field.name)) is not None and value not in ((), "", False)
    ]
    return f"{type(event).__name__} {' '.join(fields)}".rstrip()


def _value(value: object) -> str:
    match value:
        case Usage():
            return f"({value.input_tokens} in, {value.output_tokens} out, {value.provenance})"
        case StrEnum():
            return value.value
        case _:
            return repr(value)


def _shortened(text: str) -> str:
    if len(text) <= _MAX_SHOWN_CHARS:
        return text
    return f"{text[:_MAX_SHOWN_CHARS]}… ({len(text):,} characters)"
