"""What a scenario says: what the server does, and what must be seen by the caller and by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from headwater import ChatOptions, HeadwaterError
from headwater.testing.fault_server import Answer, End, Framing, Script, Step, respond
from headwater.testing.payloads import Phase, Said, Wire, error_body, media_type, phased
from headwater.wire.http import HTTPTransport

if TYPE_CHECKING:
    from .bench import Bench

TEXT: Final = "".join(Said().text)
BEGUN: Final = "".join(Said().text[:2])  # what `begun` says of it
FOUR: Final = (Wire.CHAT_COMPLETIONS, Wire.ANTHROPIC, Wire.RESPONSES, Wire.GEMINI)
ALL: Final = tuple(Wire)
SHORT_S: Final = 0.06
LONGER_S: Final = 4 * SHORT_S  # within which a busy machine, too, gives what is there


class Ends(StrEnum):
    """How the server sees the last connection when the call is over."""

    POOLED = "the connection kept"
    CLIENT = "the connection closed by the client"
    SERVER = "the connection closed by the server"
    NONE = "no connection"


@attrs.frozen
class Place:
    """Where a scenario is played."""

    wire: Wire
    elsewhere: str


Act: TypeAlias = "Callable[[Bench], Awaitable[None]]"
Plays: TypeAlias = Callable[[Place], Sequence[Answer]]


@attrs.frozen(kw_only=True)
class Scenario:
    """One line of the table, for each of its wires.

    Attributes:
        name: What happens.
        plays: What the server answers, request by request.
        act: What the caller does.
        raises: What the caller gets for an error; None where there is none.
        shown: The text that the caller has been shown; None: all, or with an error none.
        attempts: How many the caller is told of.
        requests: How many the server sees; None: as many.
        connections: How many the server sees; None: it does not matter.
        ends: How the last connection is left; None: now so, now so.
        caller: What the caller gets, where the error or "the answer" does not say it.
        closed_within_s: How soon a connection that the client closes is closed.
        gaps_s: At least so much time lies between the requests.
        at_least_s: The call takes at least so long.
        within_s: It takes no longer.
        taken_bytes: The client takes no more than that.
        memory_bytes: What the process holds grows by no more.
        says: A pattern that the message of the error has.
        options: Options of the call.
        check: What else must hold.
        wires: Where it is played; None: where its chapter is.
        base_url: Where the provider is pointed to; None: at the server.
        provider: Makes the provider; None: the one of the wire.
        greeting: What the server does as a connection is made.
        certificate: What it shows for TLS.
        transport: Makes the transport; None: the runner's own.
        max_event_bytes: The runner's limit.
        environment: Variables that are set.
        is_slow: It takes a second or more.
    """

    name: str
    plays: Plays
    act: Act | None = None
    raises: type[HeadwaterError] | tuple[type[HeadwaterError], ...] | None = None
    shown: str | None = None
    attempts: int = 1
    requests: int | None = None
    connections: int | None = None
    ends: Ends | None = Ends.POOLED
    caller: str | None = None
    closed_within_s: float = 0.1
    gaps_s: tuple[float, ...] = ()
    at_least_s: float = 0.0
    within_s: float = 3.0
    taken_bytes: int | None = None
    memory_bytes: int | None = None
    says: str = ""
    options: ChatOptions = attrs.field(factory=lambda: ChatOptions())
    check: Callable[[Bench], None] | None = None
    wires: tuple[Wire, ...] | None = None
    base_url: Callable[[str], str] | None = None
    provider: Callable[[str], object] | None = None
    greeting: Script = ()
    certificate: Path | None = None
    transport: Callable[[], HTTPTransport] | None = None
    max_event_bytes: int = 8 * 2**20
    environment: Mapping[str, str] = attrs.field(factory=dict)
    is_slow: bool = False

    @property
    def expected_text(self) -> str:
        """Give the text that the caller must have been shown."""
        if self.shown is not None:
            return self.shown
        return TEXT if self.raises is None else ""


@attrs.frozen
class Chapter:
    """Scenarios about one promise.

    Attributes:
        title: What they are about.
        scenarios: They.
        wires: Where those are played that do not say so themselves.
    """

    title: str
    scenarios: tuple[Scenario, ...]
    wires: tuple[Wire, ...]

    def cases(self) -> Iterator[Case]:
        """Give each scenario on each of its wires."""
        for scenario in self.scenarios:
            for wire in scenario.wires or self.wires:
                yield Case(self.title, scenario, wire)


@attrs.frozen(eq=False)
class Case:
    """One scenario on one wire."""

    chapter: str
    scenario: Scenario
    wire: Wire


def chapter(title: str, *scenarios: Scenario, wires: tuple[Wire, ...] = FOUR) -> Chapter:
    """Put scenarios under a title."""
    return Chapter(title, scenarios, wires)


# What servers say.


def answer(wire: Wire, *body: Step, framing: Framing = Framing.CHUNKED) -> Script:
    """Make a streamed answer of the frames given."""
    return respond(*body, media_type=media_type(wire), framing=framing)


def frames(wire: Wire, *phases: Phase) -> list[bytes]:
    """Give the frames of a streamed answer that are in these phases; without any, all."""
    return [frame.data for frame in phased(wire) if not phases or frame.phase in phases]


def complete(wire: Wire) -> Script:
    """Make a whole answer, streamed."""
    return answer(wire, *frames(wire))


def preamble(wire: Wire) -> list[bytes]:
    """Give the frames before any content."""
    return frames(wire, Phase.PREAMBLE)


def begun(wire: Wire) -> list[bytes]:
    """Give the frames up to the second text, which is `BEGUN`."""
    return [*preamble(wire), *frames(wire, Phase.CONTENT)[:2]]


def unfinished(wire: Wire) -> list[bytes]:
    """Give all frames before the one that says why the model stopped."""
    return frames(wire, Phase.PREAMBLE, Phase.CONTENT)


def refusal(
    wire: Wire, status: int, headers: Mapping[str, str] | None = None, message: str = "no, sorry"
) -> Script:
    """Make a refusal."""
    body = error_body(wire, status, message)
    return respond(body, status=status, headers=headers, framing=Framing.SIZED)


def ping(wire: Wire) -> bytes:
    """Give what says nothing on a wire."""
    return b"\n" if wire is Wire.OLLAMA else b": ping\n\n"


def in_turn(*scripts: Callable[[Wire], Script]) -> Plays:
    """Play scripts in turn, each made for the wire."""
    return lambda place: [script(place.wire) for script in scripts]


def cut_after(steps: Callable[[Wire], list[bytes]], *then: Step) -> Plays:
    """Answer with some frames, then what is named; by default the end of the connection."""
    return lambda place: [answer(place.wire, *steps(place.wire), *(then or (End(),)))]
