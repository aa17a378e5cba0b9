"""The server's address, in every form that OLLAMA_HOST takes; pure but for `find_address`."""

from __future__ import annotations

import ipaddress
import os
import re
from functools import lru_cache
from typing import Final

from headwater import ConfigurationError
from headwater.wire.url import check_address

__all__ = ["VARIABLE", "find_address", "read_address"]

VARIABLE: Final = "OLLAMA_HOST"

_THIS_MACHINE: Final = "127.0.0.1"
_PORT: Final = "11434"
_CLOUD: Final = "ollama.com"
_AUTHORITY: Final = re.compile(r"[/?#]")


def find_address(given: str | None) -> str:
    """Find the server's address: the one given, else that of OLLAMA_HOST, else this machine's.

    Raises:
        ConfigurationError: The one found cannot be used.
    """
    return read_address(given or os.environ.get(VARIABLE, ""))


@lru_cache
def read_address(text: str) -> str:
    """Read an address that may lack its scheme, its host or its port.

    A listen address, which means all of a machine's own, stands for this machine.

    Shapes:
        ""                      -> "http://127.0.0.1:11434"
        "gpu.local"             -> "http://gpu.local:11434"
        ":8080"                 -> "http://127.0.0.1:8080"
        "0.0.0.0"               -> "http://127.0.0.1:11434"
        "::1", "[::1]:8080"     -> "http://[::1]:11434", "http://[::1]:8080"
        "http://gpu.local/api/" -> "http://gpu.local/api": with a scheme, the scheme's own port
        "ollama.com"            -> "https://ollama.com"

    Raises:
        ConfigurationError: It is no address. The message does not repeat credentials.

    Source:
        FORMATS 1.5.
    """
    cleaned = text.strip().strip("\"'").strip()
    scheme, separator, rest = cleaned.partition("://")
    if not separator:
        rest = cleaned
    if "@" in rest:
        raise ConfigurationError(
            f"the address in base_url or {VARIABLE} holds a user name or password; "
            "pass the key as api_key"
        )
    authority = _AUTHORITY.split(rest, maxsplit=1)[0]
    path = rest[len(authority) :]
    host, port = _host_and_port(authority)
    if not separator:
        is_cloud = host.lower() == _CLOUD and not port
        scheme = "https" if is_cloud else "http"
        port = port or ("" if is_cloud else _PORT)
    address = f"{scheme.lower()}://{host}{f':{port}' if port else ''}{path.rstrip('/')}"
    check_address(address)
    return address


def _host_and_port(authority: str) -> tuple[str, str]:
    """Split what stands before the path; the port is "" where there is none."""
    if authority.startswith("["):
        host, closing, rest = authority[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        is_split = bool(closing) and colon in ("", ":")
    elif authority.count(":") > 1:
        host, port, is_split = authority, "", True
    else:
        host, _, port = authority.partition(":")
        is_split = True
    if not is_split or not _is_port(port):
        raise ConfigurationError(
            f"expected HOST, HOST:PORT, :PORT or a URL in base_url or {VARIABLE}, "
            f"got {authority!r}; an IPv6 address with a port goes in brackets"
        )
    return _reachable(host), port


def _is_port(port: str) -> bool:
    if not port:
        return True
    return port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536


def _reachable(host: str) -> str:
    """Give the host as it stands in a URL: one to connect to, IPv6 in brackets."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host or _THIS_MACHINE
    if ip.version == 4:
        return _THIS_MACHINE if ip.is_unspecified else str(ip)
    return "[::1]" if ip.is_unspecified else f"[{ip}]"
