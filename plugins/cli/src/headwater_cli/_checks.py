"""What `doctor` looks at: each provider, the usual local servers, settings and keys."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import attrs

from headwater import HeadwaterError, Health, InvalidRequest, ModelId, PluginStatus, Runner
from headwater.discovery import Registry, key_variables
from headwater.wire.url import without_query

from ._asking import MODEL_VARIABLE
from ._key_store import FoundKey, KeyStore, find_key_of
from ._recorder import NOT_SENT, RecordingTransport
from ._settings import Settings, load_settings

__all__ = [
    "LocalServer",
    "ProviderCheck",
    "check_local_servers",
    "check_providers",
    "check_settings",
]

_PATIENCE_S: Final = 5.0  # for one provider; all are asked at once
_LOCAL_PATIENCE_S: Final = 0.5
_PLUGIN_VARIABLE: Final = re.compile(r"HEADWATER_(\w+)_(API_KEY|BASE_URL)")

# Where the servers that people run on their own machine listen unless told otherwise, with the
# provider that asks them. For people to read; nothing is decided by it.
_USUAL_PORTS: Final = (
    ("Ollama", "ollama", 11434),
    ("llama.cpp", "llamacpp", 8080),
    ("LM Studio", "lmstudio", 1234),
    ("vLLM", "vllm", 8000),
)


@attrs.frozen
class ProviderCheck:
    """Hold how a provider stands.

    Attributes:
        name: Its name.
        distributions: The packages that claim it.
        takes_key: Whether it looks for a key.
        key: The key that it would be used with, None where there is none.
        endpoint: The address that it would be asked at; None: it would not get so far.
        is_ok: Whether it answers; None: it was not asked.
        detail: What it said, or why it was not asked.
        waited_s: How long it took to answer, None where it was not asked.
        problem: What somebody should see to; None: nothing.
        is_local: Whether that address is this machine.
    """

    name: str
    distributions: tuple[str, ...]
    takes_key: bool = False
    key: FoundKey | None = None
    endpoint: str | None = None
    is_ok: bool | None = None
    detail: str = ""
    waited_s: float | None = None
    problem: str | None = None
    is_local: bool = False


@attrs.frozen
class LocalServer:
    """Hold whether something listens where a server of that kind does.

    Attributes:
        title: What people call it.
        provider: The provider that asks it.
        port: Where it listens unless told otherwise.
        is_listening: Whether something does now.
    """

    title: str
    provider: str
    port: int
    is_listening: bool


async def check_providers(store: KeyStore, *, is_offline: bool) -> list[ProviderCheck]:
    """See how each provider stands, asking those that would send something, all at once.

    That a provider would send nothing, for want of a key or an address, is found without the
    network: it is asked first over a transport that refuses.
    """
    statuses = Registry().statuses()
    checks = [await _looked_at(status, store) for status in statuses]
    if is_offline:
        return checks
    import headwater.wire.http  # noqa: F401  # so that nobody's wait includes importing it

    async with Runner(keys=store.get, middleware=()) as runner:
        return await asyncio.gather(*(_asked(runner, check) for check in checks))


async def _looked_at(status: PluginStatus, store: KeyStore) -> ProviderCheck:
    check = ProviderCheck(status.name, status.distributions)
    if status.error is not None or status.info is None:
        told = str(status.error)
        return attrs.evolve(check, is_ok=False, detail="broken", problem=f"{status.name}: {told}")
    key = find_key_of(status.name, status.info, store)
    transport = RecordingTransport()
    async with Runner(keys=store.get, transport=transport, middleware=()) as runner:
        health = await _health(runner, status.name)
    would_send = health.detail == NOT_SENT
    endpoint = without_query(transport.requests[0].url) if would_send else None
    takes_key = bool(key_variables(status.name, status.info))
    problem = None if key is None else key.problem
    lacks_key = takes_key and key is None
    if problem is None and not (would_send or health.is_ok or lacks_key):
        problem = health.detail  # it is no key that is in the way
    return attrs.evolve(
        check,
        takes_key=takes_key,
        key=key,
        endpoint=endpoint,
        is_local=endpoint is not None and _is_local(endpoint),
        detail="" if would_send else health.detail,
        problem=None if problem is None else f"{status.name}: {problem}",
    )


async def _asked(runner: Runner, check: ProviderCheck) -> ProviderCheck:
    if check.endpoint is None:
        return check
    began = time.monotonic()
    health = await _health(runner, check.name)
    waited_s = time.monotonic() - began
    is_expected = health.is_ok or (check.is_local and not _is_address_set(check.name))
    return attrs.evolve(
        check,
        is_ok=health.is_ok,
        detail=health.detail,
        waited_s=waited_s,
        problem=check.problem if is_expected else f"{check.name}: {health.detail}",
    )


async def _health(runner: Runner, name: str) -> Health:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await runner.check_health(name)
    except TimeoutError:
        return Health(False, f"no answer within {_PATIENCE_S:g} s")
    except HeadwaterError as error:
        return Health(False, str(error))


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _is_address_set(name: str) -> bool:
    """Tell whether somebody has said where a provider is, and so expects it there."""
    info = Registry().get(name).info
    variables = (f"{_variable_prefix(name)}_BASE_URL", info.base_url_variable or "")
    return any(os.environ.get(variable) for variable in variables)


def _variable_prefix(name: str) -> str:
    return f"HEADWATER_{re.sub('[-.]', '_', name.upper())}"


async def check_local_servers() -> list[LocalServer]:
    """See whether something listens on the usual ports of local servers."""
    listening = await asyncio.gather(*(_is_listening(port) for _, _, port in _USUAL_PORTS))
    return [
        LocalServer(*facts, found) for facts, found in zip(_USUAL_PORTS, listening, strict=True)
    ]


async def _is_listening(port: int) -> bool:
    try:
        async with asyncio.timeout(_LOCAL_PATIENCE_S):
            _, writer = await asyncio.open_connection("localhost", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def check_settings(store: KeyStore, names: Sequence[str]) -> list[str]:
    """Say what is wrong with settings, keys and environment.

    Args:
        store: The keys that are kept.
        names: The providers that are installed.
    """
    problems: list[str] = []
    settings = Settings()
    try:
        settings = load_settings()
    except HeadwaterError as error:
        problems.append(str(error))
    try:
        kept = store.kept()
    except HeadwaterError as error:
        problems.append(str(error))
        kept = {}
    if kept and (exposure := store.exposure()) is not None:
        problems.append(exposure)
    return [*problems, *_unknown_models(settings, names), *_unknown_variables(names)]


def _unknown_models(settings: Settings, names: Iterable[str]) -> list[str]:
    """Name the models whose provider is not installed."""
    chosen = {f"the alias {alias}": model for alias, model in settings.aliases.items()}
    for place, model in (
        ("the setting model", settings.model),
        (MODEL_VARIABLE, os.environ.get(MODEL_VARIABLE)),
    ):
        if model:
            chosen[place] = settings.resolve(model)
    problems = []
    for place, model in chosen.items():
        try:
            provider = ModelId.parse(model).provider
        except InvalidRequest as error:
            problems.append(f"{place}: {error.message}")
        else:
            if provider not in names:
                problems.append(f"{place} is {model}, and no plugin provides {provider!r}")
    return problems


def _unknown_variables(names: Iterable[str]) -> list[str]:
    known = {_variable_prefix(name) for name in names}
    return [
        f"{variable} is set, and no plugin provides a name that it would be for"
        for variable in sorted(os.environ)
        if (found := _PLUGIN_VARIABLE.fullmatch(variable)) and f"HEADWATER_{found[1]}" not in known
    ]
