"""What the server does to each stream and what its consumer does, told by a seed and a number."""

from __future__ import annotations

import random
import re
from collections import Counter
from enum import StrEnum
from typing import Final

import attrs

from headwater.testing.fault_server import (
    Drip,
    End,
    Framing,
    Raw,
    Reset,
    Script,
    SeenRequest,
    Stall,
    Step,
    Wait,
    cut,
    respond,
)
from headwater.testing.payloads import Phase, Said, Wire, error_body, error_frame, phased

_CALL: Final = re.compile(rb"call-(\d+)\.")
_GARBAGE: Final = Raw(b"\x00\xffno chunk\r\n{{{\r\n")
WIRES: Final = (Wire.CHAT_COMPLETIONS, Wire.ANTHROPIC)


class Conduct(StrEnum):
    """What a consumer does."""

    READ = "reads"
    SLOW = "reads slowly"
    BREAK = "breaks"
    CANCEL = "is cancelled"
    CLOSE = "is stopped by another task"
    DROP = "drops it"


@attrs.frozen
class Consumer:
    """What becomes of a stream on our side.

    Attributes:
        conduct: What the consumer does.
        after: How many events it takes before that.
        pause_s: How long it takes for an event, or until it is stopped.
    """

    conduct: Conduct
    after: int
    pause_s: float


def wire_of(number: int) -> Wire:
    """Tell which provider a stream is of."""
    return WIRES[number % len(WIRES)]


def prompt_of(number: int) -> str:
    """Give the prompt of a stream, which names it."""
    return f"call-{number}."


def words_of(number: int, attempt: int) -> tuple[str, ...]:
    """Give the words of an answer; no two streams or attempts share one."""
    count = random.Random(f"{number}-{attempt}").randrange(1, 40)
    return tuple(f"{number}.{attempt}.{i} " for i in range(count))


def consumer_of(seed: int, number: int) -> Consumer:
    """Tell what the consumer of a stream does."""
    dice = random.Random(f"{seed}-consumer-{number}")
    conduct = dice.choice([Conduct.READ] * 7 + list(Conduct))
    return Consumer(conduct, dice.randrange(12), dice.uniform(0.0, 0.02))


class Faults:
    """Answer each request as the seed has it for its stream and attempt."""

    def __init__(self, seed: int) -> None:
        self.attempts: Counter[int] = Counter()
        self._seed = seed

    def __call__(self, request: SeenRequest) -> Script:
        """Give the script for a request."""
        found = _CALL.search(request.body)
        assert found is not None, "a request of no stream"
        number = int(found[1])
        attempt = self.attempts[number]
        self.attempts[number] += 1
        return script_of(self._seed, number, attempt)


def script_of(seed: int, number: int, attempt: int) -> Script:
    """Tell what the server does to an attempt."""
    dice = random.Random(f"{seed}-server-{number}-{attempt}")
    wire = wire_of(number)
    kind = dice.choices(_KINDS, _WEIGHTS)[0]
    if kind == "refusal":
        status = dice.choice([400, 401, 404, 429, 500, 503, 529])
        hint = dice.choice([{}, {"retry-after": "0.01"}, {"retry-after": "soon"}])
        return respond(error_body(wire, status), status=status, headers=hint)
    if kind == "gone":
        return [End() if dice.random() < 0.5 else Reset()]
    frames = phased(wire, Said(words_of(number, attempt)))
    data = [frame.data for frame in frames]
    if kind == "error":
        told = error_frame(wire, dice.choice([429, 500, 503]))
        content = [at for at, frame in enumerate(frames) if frame.phase is Phase.CONTENT]
        data[dice.choice([1, *content]) :] = [told]
        return respond(*data)
    text = b"".join(data)
    if kind == "short":  # ends before its end mark, and nothing in HTTP tells so
        text = text[: dice.randrange(len(text))]
    body = _spread(dice, text)
    if kind in ("whole", "short"):
        return respond(*body, framing=dice.choice(list(Framing)))
    size = dice.randrange(1, sum(map(len, data)) + 200)  # of the head as well, and perhaps all
    return cut(respond(*body), size, _ends(dice, kind))


_KINDS: Final = ["whole", "refusal", "gone", "error", "short", "cut", "reset", "stall", "garbage"]
_WEIGHTS: Final = (60, 8, 4, 6, 8, 4, 4, 3, 3)


def _ends(dice: random.Random, kind: str) -> Step:
    match kind:
        case "cut":
            return End()
        case "reset":
            return Reset()
        case "stall":
            return Stall()
        case _:
            return _GARBAGE


def _spread(dice: random.Random, body: bytes) -> list[Step]:
    """Let a body come in pieces, at times with pauses, or in drips."""
    if dice.random() < 0.1:
        return [Drip(body, dice.randrange(200, 3000), every_s=0.001)]
    steps: list[Step] = []
    while body:
        size = dice.randrange(1, 1500)
        steps.append(body[:size])
        body = body[size:]
        if dice.random() < 0.1:
            steps.append(Wait(dice.uniform(0, 0.02)))
    return steps
