"""Keys that do not show."""

from __future__ import annotations

import pytest

from headwater import ConfigurationError, MissingKey, Secret
from headwater.secret import as_secret, find_key, redact, require_key

KEY = "sk-0123"


def test_a_key_shows_nowhere() -> None:
    """Neither as text nor as a representation, its own or a container's."""
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r} {[secret]} {vars(Secret)}"


def test_a_key_is_revealed_for_the_wire() -> None:
    """White space from a file is dropped; a scheme goes before it."""
    secret = Secret(f" {KEY}\n")
    assert (secret.reveal(), secret.bearer().reveal()) == (KEY, f"Bearer {KEY}")


@pytest.mark.parametrize("value", ["", "  ", "a b", "a\nb", "ключ", "a\x00b", "a\u2028b"])
def test_what_is_no_key_is_refused_and_not_repeated(value: str) -> None:
    """The error says what a key is made of."""
    with pytest.raises(ConfigurationError, match="expected printable ASCII") as caught:
        Secret(value)
    assert not value.strip() or value.strip() not in str(caught.value)


def test_a_key_is_taken_as_text_or_as_itself() -> None:
    """And None stays None."""
    secret = Secret(KEY)
    assert Secret.of(KEY) == secret
    assert Secret.of(secret) is secret
    assert Secret.of(None) is None


def test_a_key_is_a_field_of_a_provider() -> None:
    """The converter of the field takes what `Secret.of` takes."""
    assert as_secret(KEY) == Secret(KEY)


def test_keys_are_equal_by_what_they_reveal() -> None:
    """Equal keys hash alike, and a scheme makes a difference."""
    assert len({Secret(KEY), Secret(KEY), Secret(KEY).bearer()}) == 2
    assert Secret(KEY) != KEY


def test_a_key_is_taken_out_of_text() -> None:
    """Each of the live ones, the scheme left."""
    assert redact(f"Bearer {KEY} k2", [Secret(KEY).bearer(), Secret("k2")]) == "Bearer *** ***"


def test_a_key_is_looked_for_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one given, then the first variable that is set to something."""
    monkeypatch.setenv("ONE_KEY", " ")
    monkeypatch.setenv("TWO_KEY", "k2")
    assert find_key(Secret(KEY), "TWO_KEY") == Secret(KEY)
    assert find_key(None, "ONE_KEY", "TWO_KEY") == Secret("k2")
    assert find_key(None, "ONE_KEY") is None
    assert require_key(None, "TWO_KEY") == Secret("k2")


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        (("ONE_KEY", "TWO_KEY"), "set ONE_KEY or TWO_KEY in the environment, or"),
        ((), "found: pass"),
    ],
)
def test_a_key_that_is_nowhere_is_asked_for(
    variables: tuple[str, ...], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says where to put it."""
    for variable in variables:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(MissingKey, match=what):
        require_key(None, *variables)


def test_a_malformed_key_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found, and of no use."""
    monkeypatch.setenv("ONE_KEY", "a b")
    with pytest.raises(ConfigurationError, match="holds characters that no key has"):
        find_key(None, "ONE_KEY")
