"""One target under atheris; `python -m tests.fuzz` starts it, in a process of its own.

A fuzzer that sees bytes alone seldom writes a JSON text that a decoder takes. Half of its changes
are therefore made to the JSON values inside the frames.
"""

from __future__ import annotations

import json
import random
import re
import sys
from typing import Any, Final

import atheris

with atheris.instrument_imports(include=["headwater", "headwater_"]):
    from .targets import TARGETS

__all__: list[str] = []

_JSON_LINE: Final = re.compile(rb"^((?:data: ?)?)(\{.*\})(\r?)$", re.MULTILINE)
_ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 1e308, 0.5, "", "x", "é\u2028😀", "\ud800", "\0",
    [], {}, [{}], [None], {"type": "x"}, '{"a":', "stop", "[DONE]", [[]], "0",
)  # fmt: skip
MAX_INPUT: Final = 16_384


def _places(value: Any) -> list[tuple[Any, Any]]:
    """List the containers and keys of all values inside a value."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    else:
        items = list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in items:
        found += [(value, key), *_places(inner)]
    return found


def _changed(text: bytes, chance: random.Random) -> bytes:
    """Change one value inside a JSON text: another, none, another's, or twice."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    places = _places(value)
    if not places:
        return text
    owner, key = chance.choice(places)
    other_owner, other_key = chance.choice(places)
    match chance.randrange(5):
        case 0 | 1:
            owner[key] = chance.choice(_ODD)
        case 2:
            del owner[key]
        case 3:
            owner[key] = json.loads(json.dumps(other_owner[other_key]))
        case _:
            if isinstance(owner, list):
                owner.append(json.loads(json.dumps(owner[key])))
            else:
                owner[key] = [owner[key]]
    return json.dumps(value).encode()


def _mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """Change an input, for the fuzzer."""
    chance = random.Random(seed)
    lines = list(_JSON_LINE.finditer(data))
    if not lines or chance.random() < 0.5:
        return bytes(atheris.Mutate(data, max_size))
    line = chance.choice(lines)
    head, text, end = line.groups()
    match chance.randrange(6):
        case 0:  # the frame is lost
            new = b""
        case 1:  # it comes twice
            new = line[0] + b"\n\n" + line[0]
        case 2:  # it comes later, too
            other = chance.choice(lines)
            return (data[: other.end()] + b"\n\n" + line[0] + data[other.end() :])[:max_size]
        case _:
            new = head + _changed(text, chance) + end
    return (data[: line.start()] + new + data[line.end() :])[:max_size]


def main() -> None:
    """Fuzz the target of the command line until its time is over, or a promise breaks."""
    name, corpus, seconds, findings = sys.argv[1:]
    arguments = [
        sys.argv[0],
        corpus,
        f"-max_total_time={seconds}",
        f"-artifact_prefix={findings}",
        f"-max_len={MAX_INPUT}",
        "-rss_limit_mb=1024",
        "-timeout=10",
        "-verbosity=1",
        "-print_final_stats=1",
    ]
    atheris.Setup(arguments, TARGETS[name], custom_mutator=_mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
