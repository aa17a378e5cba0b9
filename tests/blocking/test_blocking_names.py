"""One API: the blocking names and arguments are those of the asynchronous ones."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headwater
from headwater import blocking, session

PAIRS = [
    (headwater.Runner, blocking.Runner),
    (headwater.ChatStream, blocking.ChatStream),
    (session.Session, blocking.Session),
    (session.SessionStream, blocking.SessionStream),
]
RENAMED = {"aclose": "close"}
PROTOCOL = {
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
}
OWN = {"Runner": {"read_ahead"}}  # what the asynchronous one has no use for


def public(kind: type) -> set[str]:
    """List the public names of a class, and those by which `for` and `with` know it."""
    names = [
        name for name in dir(kind) if name[0] != "_" or name in {*PROTOCOL, *PROTOCOL.values()}
    ]
    return {{**RENAMED, **PROTOCOL}.get(name, name) for name in names}


def signature(function: object) -> list[tuple[str, object, object, object]]:
    """Give the arguments of a function: name, kind, default, and annotation as written."""
    assert callable(function)
    arguments = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default, each.annotation) for each in arguments]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda kind: kind.__name__)
def test_the_public_names_are_the_same(one: type, other: type) -> None:
    """Each method and property has its counterpart, and there are no others."""
    assert public(other) == public(one)


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda kind: kind.__name__)
def test_the_arguments_are_the_same(one: type, other: type) -> None:
    """Each method takes the same arguments, with the same defaults and types."""
    for name in public(one) - set(PROTOCOL.values()):
        method = getattr(one, next((old for old, new in RENAMED.items() if new == name), name))
        if callable(method):
            assert signature(getattr(other, name)) == signature(method), name


@pytest.mark.parametrize(("one", "other"), [PAIRS[0], PAIRS[2]], ids=lambda kind: kind.__name__)
def test_they_are_made_the_same(one: type, other: type) -> None:
    """The constructors take the same, but for what is listed here."""
    own = OWN.get(other.__name__, set())
    assert [each for each in signature(other) if each[0] not in own] == signature(one)


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda kind: kind.__name__)
def test_properties_are_properties_here_too(one: type, other: type) -> None:
    """What is read there without a call is read so here, and what can be set can be set."""
    for name in public(one) - {"close"}:
        there, here = inspect.getattr_static(one, name, None), inspect.getattr_static(other, name)
        assert isinstance(here, property) == isinstance(there, property), name
        if isinstance(here, property) and isinstance(there, property):
            assert (here.fset is None) == (there.fset is None), name


def test_the_recipes_are_the_same() -> None:
    """Without `async` and `await` a program is one for the blocking names, but for its imports."""
    examples = Path(__file__).parents[2] / "examples"
    asynchronous = (examples / "recipes.py").read_text(encoding="utf-8")
    blocking = (examples / "recipes_blocking.py").read_text(encoding="utf-8")
    stripped = re.sub(r"\b(async|await) ", "", asynchronous)
    assert stripped.partition("PROMPT =")[2].partition("began =")[0] in blocking


@pytest.mark.parametrize("statement", ["import headwater", "import headwater.session"])
def test_it_is_imported_by_name_alone(statement: str) -> None:
    """Nothing else imports it, and it imports no network."""
    program = f"import sys; {statement}; print('headwater.blocking' in sys.modules)"
    program += "; import headwater.blocking; print('aiohttp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
