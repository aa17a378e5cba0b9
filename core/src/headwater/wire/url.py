"""Addresses: joining them, finding the one to use, refusing what must not be used."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from functools import lru_cache

from ..errors import ConfigurationError, printable

__all__ = [
    "allowed_hosts",
    "check_address",
    "check_secrecy",
    "find_base_url",
    "join_url",
    "without_query",
]

_CREDENTIALS = re.compile(r"^([^/]*//)?[^/]*@")  # also in an address that cannot be read


def find_base_url(given: str | None, variable: str | None, default: str | None) -> str:
    """Find a provider's base URL: the one given, else the environment's, else the provider's own.

    Args:
        given: What the application passed.
        variable: The environment variable of the vendor's own SDK, None where there is none.
        default: The provider's own address, None where it has none.

    Raises:
        ConfigurationError: There is none, or it cannot be used.
    """
    found = given or (variable and os.environ.get(variable, "").strip()) or default
    if not found:
        wanted = f"set {variable}, or " if variable else ""
        raise ConfigurationError(
            f"this provider has no address of its own: {wanted}pass base_url=…"
        )
    check_address(found)
    return found


@lru_cache
def join_url(base_url: str, path: str) -> str:
    """Put a path behind a base URL, without doubling what both have.

    Shapes:
        ("https://h/v1", "/chat")      -> "https://h/v1/chat"
        ("https://h/v1/", "/v1/chat")  -> "https://h/v1/chat"; a version that both have counts once
        ("https://h?v=2", "/chat")     -> "https://h/chat?v=2"
    """
    base, _, query = base_url.partition("?")
    base = base.rstrip("/")
    first, _, rest = path.lstrip("/").partition("/")
    if rest and base.endswith(f"/{first}"):
        path = f"/{rest}"
    joined = f"{base}/{path.lstrip('/')}"
    return f"{joined}?{query}" if query else joined


def without_query(url: str) -> str:
    """Give an address fit for a message: without what may hold a key or a password."""
    shown = _CREDENTIALS.sub(r"\1***@", url.partition("?")[0].partition("#")[0])
    return printable(shown)


@lru_cache
def check_address(url: str) -> None:
    """Refuse an address that cannot or must not be used.

    Raises:
        ConfigurationError: It has no scheme or host, holds credentials, blanks or control
            characters. The message does not repeat credentials.
    """
    if not url.isprintable() or " " in url:
        raise ConfigurationError(
            f"the address {without_query(url)!r} holds blanks or control characters"
        )
    from urllib.parse import urlsplit  # needed when something is sent

    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # its words may quote a password with a slash in it
        raise ConfigurationError(
            f"the address {without_query(url.rpartition('@')[2])!r} cannot be read: "
            "expected https://host, or https://host:port"
        ) from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            f"the address of {host} holds a user name or password; pass the key as api_key"
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError(
            f"expected an address that begins with https:// or http://, got {without_query(url)!r}"
        )


def allowed_hosts() -> frozenset[str]:
    """Read which hosts HEADWATER_ALLOW_HTTP lets a key go to over plain http."""
    listed = os.environ.get("HEADWATER_ALLOW_HTTP", "").split(",")
    return frozenset(host.strip() for host in listed if host.strip())


def check_secrecy(url: str, allowed_hosts: Collection[str]) -> None:
    """Refuse to send a key where others can read it.

    Args:
        url: Where it would go.
        allowed_hosts: Hosts to which a key may go over plain http.

    Raises:
        ConfigurationError: The address is plain http, and its host is neither this machine nor
            allowed by name.
    """
    host = _host_in_clear(url)
    if host is None or host in allowed_hosts:
        return
    raise ConfigurationError(
        f"a key would go to {host} over plain http, where anyone on the way can read it: "
        f"use https, or allow it with HEADWATER_ALLOW_HTTP={host}"
    )


@lru_cache
def _host_in_clear(url: str) -> str | None:
    """Tell the host that is reached without encryption, None where there is none such."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    host = parts.hostname or ""
    return None if parts.scheme == "https" or _is_loopback(host) else host


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
