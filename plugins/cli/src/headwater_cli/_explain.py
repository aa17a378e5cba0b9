"""The command `explain`: what a call would be, without making it."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from typing import Any, Final

import attrs
import click

from headwater import (
    ChatOptions,
    HeadwaterError,
    Message,
    MissingKey,
    ModelId,
    ProviderInfo,
    Runner,
)
from headwater.discovery import KeySource, Provider, Registry, key_variables
from headwater.errors import printable
from headwater.wire.transport import HTTPRequest
from headwater.wire.url import without_query

from ._asking import (
    ChosenModel,
    attach_option,
    choose_model,
    complete_model,
    option_option,
    read_call_options,
    system_option,
    text_argument,
)
from ._json import write_json
from ._key_store import FoundKey, KeyStore, find_key_of, key_fields
from ._limits import EffectiveLimit, effective_limits
from ._prompt import read_message
from ._recorder import NotSent, RecordingTransport, header_text, request_body
from ._run import run_until_signal
from ._settings import load_settings
from ._terminal import as_line

__all__ = ["explain"]

_PATIENCE_S: Final = 1.0  # for a provider that answers itself, and takes its time
_PROMPT: Final = "Hello."
_STAND_IN: Final = "no-key-was-found"  # so that the request of who has no key can be shown too
_MAX_SHOWN_CHARS: Final = 300  # of one text of the body: an attachment has millions


@attrs.frozen
class Explanation:
    """Hold what a call would be.

    Attributes:
        chosen: The model.
        provider: Who would answer.
        key: The key that would be used, None where there is none.
        middleware: The layers round the call, outermost first.
        limits: Which hold.
        request: What would be sent first; None: nothing that is HTTP.
        error: Why nothing could be sent, None where it could.
    """

    chosen: ChosenModel
    provider: Provider
    key: FoundKey | None
    middleware: tuple[str, ...]
    limits: list[EffectiveLimit]
    request: HTTPRequest | None
    error: HeadwaterError | None


@click.command()
@system_option
@attach_option
@option_option
@click.option("--no-stream", "is_whole", is_flag=True, help="Explain the call for a whole answer.")
@click.option("--json", "is_json", is_flag=True, help="Print a JSON object.")
@click.argument("model", callback=text_argument, shell_complete=complete_model)
@click.argument("prompt", required=False, callback=text_argument)
def explain(
    system: str | None,
    attachments: tuple[str, ...],
    pairs: tuple[tuple[str, str], ...],
    is_whole: bool,
    is_json: bool,
    model: str,
    prompt: str | None,
) -> None:
    """Explain what asking MODEL would do, without sending anything.

    Which plugin, address, key and limits, and the request as it would be sent: the same options as
    for `chat`. Keys do not show.
    """
    settings = load_settings()
    chosen = choose_model(model, settings)
    options = read_call_options(pairs, system, settings)
    message = read_message(prompt, attachments) or _PROMPT
    told = run_until_signal(_explained(chosen, message, options, is_whole=is_whole))
    if is_json:
        write_json(_fields(told), sys.stdout)
    else:
        _write(told)
    if told.error is not None:
        raise told.error


async def _explained(
    chosen: ChosenModel, message: str | Message, options: ChatOptions, *, is_whole: bool
) -> Explanation:
    store = KeyStore()
    model = ModelId.parse(chosen.model)
    provider = Registry().get(model.provider)
    transport = RecordingTransport()
    runner, error = await _tried(store.get, transport, model, message, options, is_whole=is_whole)
    if isinstance(error, MissingKey):
        await _tried(lambda _name: _STAND_IN, transport, model, message, options, is_whole=is_whole)
    return Explanation(
        chosen=chosen,
        provider=provider,
        key=find_key_of(model.provider, provider.info, store),
        middleware=tuple(type(layer).__name__ for layer in runner.middleware),
        limits=effective_limits(options, provider.info.limits),
        request=transport.requests[0] if transport.requests else None,
        error=None if isinstance(error, NotSent) else error,
    )


async def _tried(
    keys: KeySource,
    transport: RecordingTransport,
    model: ModelId,
    message: str | Message,
    options: ChatOptions,
    *,
    is_whole: bool,
) -> tuple[Runner, HeadwaterError | None]:
    """Make the call as far as to its first request, or to the first event of who needs none."""
    async with Runner(keys=keys, transport=transport) as runner:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                if is_whole:
                    await runner.chat(model, message, **options)
                else:
                    async with runner.stream_chat(model, message, **options) as stream:
                        await anext(stream)
        except TimeoutError:
            return runner, None
        except HeadwaterError as error:
            return runner, error
        return runner, None


def _write(told: Explanation) -> None:
    for title, text in _facts(told).items():
        click.echo(f"{title:<11} {as_line(text)}")
    click.echo("limits")
    for limit in told.limits:
        shown = "off" if limit.value == math.inf else f"{limit.value:g}"
        click.echo(f"  {limit.name:<16} {shown:<6} {limit.place}")
    click.echo()
    if told.request is None:
        click.echo("Nothing would be sent: " + _why_nothing(told))
        return
    click.echo(f"{told.request.method} {told.request.url}")
    for name, value in told.request.headers.items():
        click.echo(f"{name}: {as_line(header_text(value))}")
    click.echo()
    click.echo(_shown_body(told.request))


def _why_nothing(told: Explanation) -> str:
    if told.error is not None:
        return "the call fails before."
    return "this provider answers without HTTP."


def _facts(told: Explanation) -> dict[str, str]:
    info, plugin = told.provider.info, type(told.provider.plugin)
    alias = f", for the alias {told.chosen.alias}" if told.chosen.alias else ""
    endpoint = "none" if told.request is None else without_query(told.request.url)
    return {
        "model": told.chosen.model + alias,
        "provider": f"{info.title}, by {told.provider.distribution}",
        "class": f"{plugin.__module__.partition('._')[0]}.{plugin.__qualname__}",
        "endpoint": endpoint,
        "key": _key_text(told.provider.name, info, told.key),
        "middleware": " > ".join(told.middleware),
    }


def _key_text(name: str, info: ProviderInfo, key: FoundKey | None) -> str:
    if key is not None:
        return f"{key.shown} from {key.place}" + (f": {key.problem}" if key.problem else "")
    variables = key_variables(name, info)
    return f"none in {', '.join(variables)}, nor kept" if variables else "none is taken"


def _shown_body(request: HTTPRequest) -> str:
    body = request_body(request)
    try:
        value = json.loads(body)
    except ValueError:
        return as_line(body)
    return printable(json.dumps(_shortened(value), indent=2, ensure_ascii=False))


def _shortened(value: Any) -> Any:
    """Cut long texts, which are attachments as a rule."""
    if isinstance(value, str) and len(value) > _MAX_SHOWN_CHARS:
        return f"{value[:_MAX_SHOWN_CHARS]}… ({len(value):,} characters)"
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return value


def _fields(told: Explanation) -> dict[str, Any]:
    facts = _facts(told)
    return {
        "model": told.chosen.model,
        "alias": told.chosen.alias,
        "provider": told.provider.name,
        "distribution": told.provider.distribution,
        "class": facts["class"],
        "endpoint": None if told.request is None else facts["endpoint"],
        "key": None if told.key is None else key_fields(told.key),
        "middleware": told.middleware,
        "limits": {
            limit.name: {
                "value": None if limit.value == math.inf else limit.value,
                "from": limit.place,
            }
            for limit in told.limits
        },
        "request": None if told.request is None else _request_fields(told.request),
        "error": None if told.error is None else str(told.error),
    }


def _request_fields(request: HTTPRequest) -> dict[str, Any]:
    body = request_body(request)
    return {
        "method": request.method,
        "url": request.url,
        "headers": {name: header_text(value) for name, value in request.headers.items()},
        "body": json.loads(body) if body else None,
    }
