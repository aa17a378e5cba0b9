"""Addresses: found, joined, and refused without repeating what they must not show."""

from __future__ import annotations

import pytest

from headwater import ConfigurationError
from headwater.wire.url import (
    allowed_hosts,
    check_address,
    check_secrecy,
    find_base_url,
    join_url,
    without_query,
)


def test_a_base_url_is_looked_for_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one given, the environment's, the provider's own."""
    monkeypatch.setenv("X_BASE_URL", " https://env ")
    assert find_base_url("https://given", "X_BASE_URL", "https://own") == "https://given"
    assert find_base_url(None, "X_BASE_URL", "https://own") == "https://env"
    monkeypatch.setenv("X_BASE_URL", " ")
    assert find_base_url(None, "X_BASE_URL", "https://own") == "https://own"
    assert find_base_url(None, None, "https://own") == "https://own"


@pytest.mark.parametrize(
    ("variable", "what"), [("X_BASE_URL", "set X_BASE_URL, or pass"), (None, "own: pass")]
)
def test_a_base_url_that_is_nowhere_is_asked_for(
    variable: str | None, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says where to put it."""
    monkeypatch.delenv("X_BASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match=what):
        find_base_url(None, variable, None)


@pytest.mark.parametrize(
    ("base", "path", "joined"),
    [
        ("https://h/v1", "/chat", "https://h/v1/chat"),
        ("https://h/v1/", "chat", "https://h/v1/chat"),
        ("https://h/v1/", "/v1/chat", "https://h/v1/chat"),
        ("https://h", "/v1/chat", "https://h/v1/chat"),
        ("https://h?v=2", "/chat", "https://h/chat?v=2"),
        ("https://h/v1", "/v1", "https://h/v1/v1"),
    ],
)
def test_a_path_is_joined_once(base: str, path: str, joined: str) -> None:
    """Neither slashes nor versions are doubled."""
    assert join_url(base, path) == joined


def test_a_query_is_not_shown() -> None:
    """A key may stand there."""
    assert without_query("https://h/a?key=secret#secret") == "https://h/a"


@pytest.mark.parametrize("url", ["https://h", "http://h:8080/v1", "HTTPS://h", "http://[::1]:5"])
def test_a_good_address_is_taken(url: str) -> None:
    """With a scheme, a host, and nothing odd."""
    check_address(url)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("localhost:8080", "begins with https:// or http://, got 'localhost:8080'"),
        ("h/v1", "begins with https://"),
        ("ftp://h", "begins with https://"),
        ("https://", "begins with https://"),
        ("https:///v1", "begins with https://"),
        ("https://h h", "blanks or control characters"),
        ("https://h\r\nx: y", "blanks or control characters"),
        ("https://h:99999", "cannot be read"),
        ("https://[h", "cannot be read"),
        ("", "begins with https://"),
    ],
)
def test_a_bad_address_is_refused(url: str, what: str) -> None:
    """The error shows it, and what was expected."""
    with pytest.raises(ConfigurationError, match=what):
        check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@h",
        "https://hunter2@h",
        "https://user:hunter2 @h",
        "https://user:hunter2@h:99999",
        "https://user:x/hunter2@h",
        "user:hunter2@h",
        "https://user:hunter2\n@h",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(url: str) -> None:
    """Whatever else is wrong with the address."""
    with pytest.raises(ConfigurationError) as caught:
        check_address(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://localhost:1",
        "http://a.localhost",
        "http://127.0.0.1",
        "http://127.9.9.9",
        "http://[::1]:5",
        "http://friend:5",
    ],
)
def test_a_key_may_go_where_nobody_listens(url: str) -> None:
    """Encrypted, on this machine, or where it was allowed by name."""
    check_secrecy(url, {"friend"})


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "http://10.0.0.1", "http://localhost.evil.com", "http://0177.0.0.1"],
)
def test_a_key_goes_nowhere_else(url: str) -> None:
    """The error says how to allow it."""
    with pytest.raises(ConfigurationError, match="HEADWATER_ALLOW_HTTP="):
        check_secrecy(url, {"friend"})


@pytest.mark.parametrize(
    ("listed", "hosts"), [("", set()), ("a", {"a"}), (" a, b.c ,", {"a", "b.c"})]
)
def test_hosts_are_allowed_by_name(
    monkeypatch: pytest.MonkeyPatch, listed: str, hosts: set[str]
) -> None:
    """The variable lists hosts, divided by commas."""
    monkeypatch.setenv("HEADWATER_ALLOW_HTTP", listed)
    assert allowed_hosts() == hosts
