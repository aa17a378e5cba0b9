"""Tests of where requests go."""

from __future__ import annotations

import pytest

from headwater_google._address import is_vertex, list_url, model_path, model_url


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("gemini-3.6-flash", "models/gemini-3.6-flash"),
        ("models/gemini-3.6-flash", "models/gemini-3.6-flash"),
        ("tunedModels/mine-1", "tunedModels/mine-1"),
        ("a/b:c?d#e", "models/a%2Fb%3Ac%3Fd%23e"),
        ("../../x", "models/..%2F..%2Fx"),
        ("models/", "models/models%2F"),
    ],
)
def test_a_model_is_encoded_in_the_path(name: str, path: str) -> None:
    """No name leads anywhere but to a model."""
    assert model_path(name) == path


VERTEX = "https://l-aiplatform.googleapis.com/v1/projects/p/locations/l"
GENERATE = "/publishers/google/models/m:countTokens"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://h.example", "https://h.example/v1beta/models/m:countTokens"),
        ("https://h.example/v1beta/", "https://h.example/v1beta/models/m:countTokens"),
        ("https://h.example/v1", "https://h.example/v1/models/m:countTokens"),
        ("https://h.example/v1alpha", "https://h.example/v1alpha/models/m:countTokens"),
        ("https://h.example/proxy?a=1", "https://h.example/proxy/v1beta/models/m:countTokens?a=1"),
        (VERTEX, VERTEX + GENERATE),
        (f"{VERTEX}/publishers/google", VERTEX + GENERATE),
        (f"{VERTEX}/publishers/google/models/", VERTEX + GENERATE),
    ],
)
def test_addresses_are_joined(base: str, url: str) -> None:
    """A version, a publisher and a query that the base URL has are neither doubled nor lost."""
    assert model_url(base, "m", "countTokens") == url


def test_a_query_is_added_to_that_of_the_base() -> None:
    """What the method asks for stands behind the base URL's own."""
    url = model_url("https://h.example?a=1", "m", "x", alt="sse")
    assert url == "https://h.example/v1beta/models/m:x?a=1&alt=sse"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://h.example", "https://h.example/v1beta/models?pageSize=1"),
        (
            VERTEX,
            "https://l-aiplatform.googleapis.com/v1beta1/publishers/google/models?pageSize=1",
        ),
    ],
    ids=["gemini-api", "vertex"],
)
def test_the_list_of_models_has_its_own_address(base: str, url: str) -> None:
    """On Vertex AI it is the publisher's."""
    assert list_url(base, pageSize="1") == url


def test_vertex_is_told_by_its_address() -> None:
    """A project or a publisher in the path, and no other sign."""
    assert is_vertex(VERTEX)
    assert not is_vertex("https://generativelanguage.googleapis.com/v1beta?x=/projects/p")
