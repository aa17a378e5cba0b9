"""OLLAMA_HOST in all its forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import ConfigurationError
from headwater.wire.url import check_address
from headwater_ollama._host import find_address, read_address

FORMS = {
    "": "http://127.0.0.1:11434",
    "  ": "http://127.0.0.1:11434",
    "gpu.local": "http://gpu.local:11434",
    "gpu.local:": "http://gpu.local:11434",
    "gpu.local:8080": "http://gpu.local:8080",
    "gpu.local/ollama/": "http://gpu.local:11434/ollama",
    "gpu.local:8080/ollama": "http://gpu.local:8080/ollama",
    ":8080": "http://127.0.0.1:8080",
    "10.0.0.7": "http://10.0.0.7:11434",
    "0.0.0.0": "http://127.0.0.1:11434",
    "0.0.0.0:8080": "http://127.0.0.1:8080",
    "http://0.0.0.0:8080": "http://127.0.0.1:8080",
    "::": "http://[::1]:11434",
    "::1": "http://[::1]:11434",
    "[::1]": "http://[::1]:11434",
    "[::1]:8080": "http://[::1]:8080",
    "https://[fd00::7]/v": "https://[fd00::7]/v",
    "http://gpu.local": "http://gpu.local",
    "http://gpu.local:11434/": "http://gpu.local:11434",
    "https://gpu.example": "https://gpu.example",
    "HTTPS://gpu.example:8443/a/b/": "https://gpu.example:8443/a/b",
    "http://": "http://127.0.0.1",
    "ollama.com": "https://ollama.com",
    "Ollama.com/": "https://Ollama.com",
    "ollama.com:8080": "http://ollama.com:8080",
    "https://ollama.com": "https://ollama.com",
    ' "gpu.local:8080"\n': "http://gpu.local:8080",
    "'gpu.local'": "http://gpu.local:11434",
}


@pytest.mark.parametrize(("text", "address"), FORMS.items(), ids=map(repr, FORMS))
def test_each_form_is_understood(text: str, address: str) -> None:
    """An address comes out whole, whatever was left out of it."""
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "gpu.local:port",
        "gpu.local:0",
        "gpu.local:65536",
        "gpu.local:²",
        "http://[::1",
        "[::1]8080",
        "a:b:c",
        "ftp://gpu.local",
        "://gpu.local",
        "gpu local",
        "gpu.local\x00",
    ],
    ids=repr,
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """What cannot be connected to is refused before anything is sent."""
    with pytest.raises(ConfigurationError):
        read_address(text)


@pytest.mark.parametrize(
    "text",
    ["http://me:hunter2@gpu.local", "me:hunter2@gpu.local", "https://me:hunt/er2@gpu.local"],
)
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    """A password in the address never shows in the error about it."""
    with pytest.raises(ConfigurationError, match="password") as caught:
        read_address(text)
    assert "hunt" not in str(caught.value)


@given(text=st.text() | st.from_regex(r"(https?://)?[\[\]:@/0-9a-f.]*", fullmatch=True))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """Whatever stands in the environment, what comes out can be used or is an error of ours."""
    try:
        address = read_address(text)
    except ConfigurationError:
        return
    check_address(address)


def test_an_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the application passes counts, then OLLAMA_HOST, then this machine."""
    monkeypatch.setenv("OLLAMA_HOST", "from.environment")
    assert find_address("from.argument:1") == "http://from.argument:1"
    assert find_address(None) == "http://from.environment:11434"
    monkeypatch.delenv("OLLAMA_HOST")
    assert find_address(None) == "http://127.0.0.1:11434"
