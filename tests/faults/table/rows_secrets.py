"""Secrets: a key goes to one host, and shows nowhere."""

from __future__ import annotations

from collections.abc import Callable

from headwater import (
    AuthenticationError,
    ConfigurationError,
    HeadwaterError,
    InvalidRequest,
    ProtocolError,
    StreamInterrupted,
)
from headwater.testing.fault_server import (
    Answer,
    End,
    Framing,
    respond,
)
from headwater.testing.payloads import (
    Wire,
    error_body,
    error_frame,
    media_type,
)

from ..provider import KEY
from .bench import Bench
from .scenario import (
    ALL,
    BEGUN,
    FOUR,
    Ends,
    Place,
    Plays,
    Scenario,
    answer,
    begun,
    chapter,
    complete,
    in_turn,
    refusal,
)


def _redirect(status: int) -> Plays:
    return lambda place: [
        respond(
            status=status,
            headers={"location": f"{place.elsewhere}/other?secret=1"},
            framing=Framing.SIZED,
        )
    ]


def _names_the_target(bench: Bench) -> None:
    assert "/other" in str(bench.error)
    assert "secret" not in str(bench.error)


redirects = chapter(
    "Redirects and proxies",
    *(
        Scenario(
            name=f"a redirect to another host: {status}",
            plays=_redirect(status),
            raises=ConfigurationError,
            check=_names_the_target,
        )
        for status in (301, 302, 303, 307, 308)
    ),
    Scenario(
        name="a redirect that names no target",
        plays=lambda _: [respond(status=302, framing=Framing.SIZED)],
        raises=ConfigurationError,
    ),
    Scenario(
        name="proxies in the environment",
        plays=in_turn(complete),
        environment={
            "http_proxy": "http://127.0.0.1:1",
            "HTTP_PROXY": "http://127.0.0.1:1",
            "all_proxy": "http://127.0.0.1:1",
        },
    ),
    Scenario(
        name="plain HTTP to another machine",
        plays=in_turn(complete),
        base_url=lambda _: "http://192.0.2.1:9",
        raises=ConfigurationError,
        says="HEADWATER_ALLOW_HTTP",
        requests=0,
        ends=Ends.NONE,
        wires=FOUR,
    ),
    Scenario(
        name="a name and a password in the base URL",
        plays=in_turn(complete),
        base_url=lambda url: url.replace("http://", f"http://me:{KEY}@"),
        raises=ConfigurationError,
        requests=0,
        ends=Ends.NONE,
    ),
)


def _shown_as(what: str) -> Callable[[Bench], None]:
    def check(bench: Bench) -> None:
        assert what in str(bench.error)

    return check


def _with_id(place: Place) -> list[Answer]:
    body = error_body(place.wire, 400)
    return [respond(body, status=400, headers={"x-request-id": KEY, "request-id": KEY})]


secrets = chapter(
    "Secrets",
    Scenario(
        name="an error body that repeats the key",
        plays=lambda place: [refusal(place.wire, 401, message=f"bad key {KEY}")],
        raises=AuthenticationError,
        check=_shown_as("bad key ***"),
    ),
    Scenario(
        name="an error body that is no JSON and repeats the key",
        plays=lambda _: [respond(f"what is {KEY}?".encode(), status=400)],
        raises=InvalidRequest,
        check=_shown_as("what is ***?"),
    ),
    Scenario(
        name="an error frame that repeats the key",
        plays=lambda place: [
            answer(place.wire, *begun(place.wire), error_frame(place.wire, 400, f"bad {KEY}"))
        ],
        raises=HeadwaterError,
        shown=BEGUN,
        check=_shown_as("bad ***"),
    ),
    Scenario(
        name="a request id that is the key",
        plays=_with_id,
        raises=InvalidRequest,
    ),
    Scenario(
        name="an answer whose request id is the key, and then a cut",
        plays=lambda place: [
            respond(
                *begun(place.wire),
                End(),
                media_type=media_type(place.wire),
                headers={"x-request-id": KEY},
            )
        ],
        raises=StreamInterrupted,
        shown=BEGUN,
        ends=Ends.SERVER,
    ),
    Scenario(
        name="a frame that is no JSON and repeats the key",
        plays=lambda place: [
            answer(
                place.wire,
                *begun(place.wire),
                f"{'' if place.wire is Wire.OLLAMA else 'data: '}{{{KEY}\n\n".encode(),
            )
        ],
        raises=ProtocolError,
        shown=BEGUN,
    ),
    Scenario(
        name="a web page that repeats the key",
        plays=lambda _: [respond(f"<p>{KEY}".encode(), media_type="text/html")],
        raises=ProtocolError,
    ),
    Scenario(
        name="a redirect to an address with the key in it",
        plays=lambda _: [respond(status=307, headers={"location": f"http://127.0.0.1:1/{KEY}"})],
        raises=ConfigurationError,
    ),
    Scenario(
        name="a status line that is the key",
        plays=lambda _: [[f"{KEY}\r\n\r\n".encode(), End()]],
        raises=ProtocolError,
        ends=Ends.SERVER,
    ),
    Scenario(
        name="status 503 that repeats the key, each time",
        plays=lambda place: [refusal(place.wire, 503, message=f"no room for {KEY}")],
        raises=HeadwaterError,
        attempts=3,
        check=_shown_as("no room for ***"),
    ),
    Scenario(
        name="control characters in an error",
        plays=lambda place: [refusal(place.wire, 400, message="a\x1b[2Jb\r\nforged: line")],
        raises=InvalidRequest,
        says=r"a\\x1b\[2Jb",
    ),
    wires=ALL,
)


async def ask_odd_model(bench: Bench) -> None:
    """Ask a model whose name would lead elsewhere in a path."""
    stream = bench.runner.stream_chat("it/a b/../x?y=1#z", "Hi")
    async for event in stream:
        bench.see(event)


async def ask_forged_model(bench: Bench) -> None:
    """Ask a model whose name would end the line of a request."""
    await bench.runner.stream_chat("it/a\r\nx-forged: 1", "Hi").collect()


def _is_escaped(bench: Bench) -> None:
    target = bench.server.requests[0].target
    assert target.count("/") == "/v1beta/models/x:y".count("/")
    assert "?y" not in target
    assert " " not in target


names = chapter(
    "Names",
    Scenario(
        name="a model's name that would lead elsewhere in a path",
        plays=in_turn(complete),
        act=ask_odd_model,
        check=_is_escaped,
        wires=(Wire.GEMINI,),
    ),
    Scenario(
        name="a model's name with the end of a line in it",
        plays=in_turn(complete),
        act=ask_forged_model,
        raises=InvalidRequest,
        attempts=0,
        ends=Ends.NONE,
    ),
)


CHAPTERS = [redirects, secrets, names]
