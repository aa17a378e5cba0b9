"""What must not be kept of an exchange: keys, ids of accounts and answers, cookies.

Whatever is replaced keeps its length, so that chunks stay where they were cut.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from ..secret import REDACTED, Secret
from .url import without_query

__all__ = ["Redactor", "redacted_headers", "redacted_url"]

MIN_KEY_CHARS: Final = 8  # what is shorter is no key, but a placeholder such as "none"
REACH_BYTES: Final = 512  # no pattern is longer

# What tells nothing of an account. All other headers are kept by their names alone.
_PLAIN_HEADERS: Final = frozenset(
    {
        "accept",
        "anthropic-beta",
        "anthropic-version",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "openai-processing-ms",
        "openai-version",
        "retry-after",
        "retry-after-ms",
        "server",
        "transfer-encoding",
        "user-agent",
        "x-should-retry",
    }
)
_PLAIN_PREFIXES: Final = ("x-ratelimit-", "anthropic-ratelimit-")
_ID_HEADERS: Final = frozenset(
    {"x-request-id", "request-id", "x-generation-id", "apim-request-id", "x-kong-request-id"}
)
_PLAIN_QUERIES: Final = frozenset({"alt", "api-version", "beta", "limit", "pageSize"})

_ID_FIELDS: Final = (
    "call_id", "generation_id", "id", "item_id", "organization", "organization_id",
    "previous_response_id", "prompt_cache_key", "requestId", "request_id", "responseId",
    "response_id", "safety_identifier", "tool_call_id", "tool_use_id", "user", "user_id",
)  # fmt: skip
# A shorter one names nothing outside its answer, and two might become one.
_IDS: Final = rf'"(?:{"|".join(_ID_FIELDS)})"\s{{0,4}}:\s{{0,4}}"(?P<id>[^"\\\s]{{16,200}})"'
_NAMES: Final = r"\b(?P<name>(?:org|proj|user|acct|req)[-_][A-Za-z0-9]{16,80})(?=[^A-Za-z0-9])"
_KEYS: Final = (
    r"\b(?P<key>(?:sk|pk|rk|gsk|xai)[-_][A-Za-z0-9_*-]{16,240}|AIza[A-Za-z0-9_-]{30,60})"
    r"(?=[^A-Za-z0-9_*-])"
)


class Redactor:
    """Take keys and ids out of bytes that come in chunks, wherever they are cut.

    A chunk is given back once no pattern can begin in it any more: what is held is bounded.

    Args:
        secrets: The live keys. One of less than eight characters is taken for a placeholder.
        keeps_ids: Whether ids stay: in a list of models they are the models' names.
    """

    def __init__(self, secrets: Iterable[Secret] = (), *, keeps_ids: bool = False) -> None:
        forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len)
        patterns = [f"(?P<secret>{'|'.join(map(re.escape, reversed(forms)))})"] if forms else []
        patterns += [_KEYS] if keeps_ids else [_KEYS, _IDS, _NAMES]
        self._pattern = re.compile("|".join(patterns).encode())
        self._reach = max(REACH_BYTES, *(len(form) for form in forms), 0)
        self._held = bytearray()
        self._sizes: list[int] = []
        self._searched = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk, and give those before it that nothing can change any more."""
        self._held += chunk
        self._sizes.append(len(chunk))
        self._search()
        given: list[bytes] = []
        while len(self._held) - self._sizes[0] >= self._reach:
            given.append(self._give())
        return given

    def close(self) -> list[bytes]:
        """Give the rest."""
        self._held += b" "  # some patterns need to see where they end
        self._search()
        return [self._give() for _ in self._sizes[:]]

    def whole(self, data: bytes) -> bytes:
        """Take keys and ids out of bytes that are there whole."""
        return self._pattern.sub(_replaced, data + b" ")[:-1]

    def text(self, text: str) -> str:
        """Take keys and ids out of a text."""
        return self.whole(text.encode("utf-8", "replace")).decode()

    def _search(self) -> None:
        for match in list(self._pattern.finditer(self._held, self._searched)):
            self._held[match.start() : match.end()] = _replaced(match)
            self._searched = match.end()

    def _give(self) -> bytes:
        size = self._sizes.pop(0)
        chunk = bytes(self._held[:size])
        del self._held[:size]
        self._searched = max(0, self._searched - size)
        return chunk


def redacted_headers(headers: Mapping[str, str | Secret], redactor: Redactor) -> dict[str, str]:
    """Give headers fit to be kept: of those that may tell of an account, the name alone."""
    return {name: _header(name, value, redactor) for name, value in headers.items()}


def redacted_url(url: str, redactor: Redactor) -> str:
    """Give an address fit to be kept: in its query, only what is known to be no key."""
    parts = urlsplit(url)
    query = "&".join(
        f"{name}={value if name in _PLAIN_QUERIES else REDACTED}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    plain = without_query(url)
    return redactor.text(f"{plain}?{query}" if query else plain)


def _header(name: str, value: str | Secret, redactor: Redactor) -> str:
    if isinstance(value, Secret):
        return REDACTED
    if name in _ID_HEADERS:
        return _stand_in(value.encode()).decode()
    if name in _PLAIN_HEADERS or name.startswith(_PLAIN_PREFIXES):
        return redactor.text(value)
    return REDACTED


def _forms(secret: Secret) -> set[str]:
    """Give the ways in which a server may write a key: plain, in JSON, in an address."""
    key = secret.reveal().rpartition(" ")[2]
    if len(key) < MIN_KEY_CHARS:
        return set()
    in_json = json.dumps(key)[1:-1]
    return {key, in_json, in_json.replace("/", "\\/"), quote(key, safe="")}


def _replaced(match: re.Match[bytes]) -> bytes:
    kind = match.lastgroup or ""
    whole, found = match[0], match[kind]
    if kind in ("secret", "key"):
        return b"*" * len(whole)
    start = match.start(kind) - match.start()
    return whole[:start] + _stand_in(found) + whole[start + len(found) :]


def _stand_in(value: bytes) -> bytes:
    """Give another id of the same form and length, the same one for the same id.

    Shapes:
        b"req_011CSHoEeqs5C35K2UUqR7Fy" -> b"req_407PWgvVzoa6M92T8CMkV1Xs"
    """
    prefix = re.match(rb"[A-Za-z]{0,12}[-_]|", value)
    start = prefix.end() if prefix is not None else 0
    digest = hashlib.shake_128(value).digest(len(value))
    made = bytearray(value)
    for place in range(start, len(value)):
        byte = value[place : place + 1]
        if byte.isdigit():
            made[place] = ord("0") + digest[place] % 10
        elif byte.isalpha():
            made[place] = ord("a" if byte.islower() else "A") + digest[place] % 26
    return bytes(made)
