"""The page of the documentation that shows the table with its results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from headwater.testing.payloads import Wire

from .bench import Result
from .scenario import ALL, FOUR, Case

PAGE: Final = Path(__file__).parents[3] / "docs" / "explanation" / "fault-scenarios.md"

_NAMES: Final = {
    Wire.CHAT_COMPLETIONS: "Chat Completions",
    Wire.ANTHROPIC: "Anthropic",
    Wire.RESPONSES: "Responses",
    Wire.GEMINI: "Gemini",
    Wire.OLLAMA: "Ollama",
}
_GROUPS: Final = {ALL: "all five", FOUR: "all but Ollama"}
_ROW: Final = re.compile(r"^\| (.+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
_HEADER: Final = "what happens"

_INTRODUCTION: Final = """\
# Fault scenarios

Written by `make faults`, which plays each scenario.
A test fails where the page and a playing differ.

Each line is a failure that a server on this machine really produces, on the wires that are named.
What the caller gets and what the server sees are both checked, and so is this, in every line:
the text that was shown is all of it or a true beginning, and none of it came twice;
the error carries exactly what was shown;
no task and no socket is left;
the key is in no address, no log line and no field of the error or of what it leads to;
no other host is asked;
no exception of a library comes out.

[How to test against faults](../how-to/test-against-faults.md) has the server that is used here.

There are {scenarios} scenarios, and {cases} playings of them.
"""


def write(results: Mapping[Case, Result]) -> str:
    """Write the page from what was seen."""
    names = {(case.chapter, case.scenario.name) for case in results}
    text = _INTRODUCTION.format(scenarios=len(names), cases=len(results))
    for title in dict.fromkeys(case.chapter for case in results):
        lines = [f"| {_HEADER} | wires | the caller gets | the server sees |"]
        lines += ["| --- | --- | --- | --- |"]
        lines += _rows({case: seen for case, seen in results.items() if case.chapter == title})
        text += "\n".join(["", f"## {title}", "", *lines, ""])
    return text


def _rows(results: Mapping[Case, Result]) -> Iterator[str]:
    """Give the lines of a chapter; wires that saw the same share one."""
    shared: dict[tuple[str, Result], list[Wire]] = {}
    for case, result in results.items():
        shared.setdefault((case.scenario.name, result), []).append(case.wire)
    for (name, result), wires in shared.items():
        group = _GROUPS.get(tuple(wires)) or ", ".join(_NAMES[wire] for wire in wires)
        yield f"| {name} | {group} | {result.caller} | {result.server} |"


def read(text: str) -> dict[tuple[str, str, Wire], Result]:
    """Read back what the page says, by chapter, scenario and wire."""
    found: dict[tuple[str, str, Wire], Result] = {}
    for part in text.split("\n## ")[1:]:
        title = part.partition("\n")[0]
        for name, group, caller, server in _ROW.findall(part):
            for wire in _wires(group):
                found[title, name, wire] = Result(caller, server)
    return found


def _wires(group: str) -> tuple[Wire, ...]:
    whole = {name: wires for wires, name in _GROUPS.items()}
    by_name = {name: wire for wire, name in _NAMES.items()}
    known = [by_name[name] for name in group.split(", ") if name in by_name]
    return whole.get(group, tuple(known))
