"""Checks that keys stay keys, and prompts stay out of logs."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from ...errors import HeadwaterError
from ...secret import Secret
from ..replay import Reply
from ._features import Feature
from ._promises import BrokenPromise, promise, streams
from ._running import PROMPT, play, played, run, whole
from ._subject import Subject


@promise("A key goes out in a header, as a `Secret`, and nowhere else.", feature=Feature.KEY)
def the_key_is_a_secret(subject: Subject) -> None:
    """Look at the request that goes out."""
    came = played(subject, next(streams(subject)))
    keys: list[str] = []
    for exchange in came.exchanges:
        request = exchange.request
        keys += [value.reveal() for value in request.headers.values() if isinstance(value, Secret)]
        plain = [name for name, value in request.headers.items() if subject.key in str(value)]
        if plain:
            raise BrokenPromise(f"the header {plain[0]} holds the key as plain text")
        if subject.key in request.url or subject.key.encode() in (request.body or b""):
            raise BrokenPromise("the key is in the address or in the body")
    if not any(subject.key in key for key in keys):
        raise BrokenPromise(
            "the key was not sent: make the provider object with the key of `ProviderConformance`, "
            "or declare Feature.KEY unsupported"
        )


@promise("A key shows in no error, not even where the server repeats it.", feature=Feature.KEY)
def the_key_is_in_no_error(subject: Subject) -> None:
    """Refuse with the key in the body, and look at all that an error says."""
    body = b'{"error": {"message": "wrong key: %s"}}' % subject.key.encode()
    for status in (400, 401, 403, 500):
        reply = Reply(body, status=status, headers={"x-request-id": f"id-{subject.key}"})
        came = [run(lambda: play(subject, reply))]  # noqa: B023  # run now
        if Feature.WHOLE not in subject.unsupported:
            came.append(run(lambda: whole(subject, reply)))  # noqa: B023  # run now
        for one in came:
            _check_error(subject, one.error)
    sample = next(streams(subject))
    for damaged in (sample.body[: len(sample.body) // 2], subject.key.encode() + b"\n\n"):
        _check_error(subject, played(subject, sample, damaged).error)


def _check_error(subject: Subject, error: HeadwaterError | None) -> None:
    shown = "".join(traceback.format_exception(error)) + repr(error)
    shown += "" if error is None else repr(vars(error))
    if subject.key in shown:
        raise BrokenPromise(f"it is in the {type(error).__name__} or its traceback")


@promise("A key shows in no repr of the provider object.", feature=Feature.KEY)
def the_key_is_in_no_repr(subject: Subject) -> None:
    """Look at its `repr` and its text."""
    provider = subject.make()
    shown = f"{provider!r} {provider} {provider.__class__!r}"
    if subject.key in shown:
        raise BrokenPromise("it is in the repr of the provider object")


@contextmanager
def _overheard() -> Iterator[io.StringIO]:
    """Overhear all that is logged or printed."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(heard), redirect_stderr(heard):
            yield heard
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@promise("A plugin logs no key, no prompt and no answer.", feature=None)
def nothing_is_overheard(subject: Subject) -> None:
    """Listen to the logs, standard output and standard error of a call."""
    for sample in streams(subject):
        with _overheard() as heard:
            came = played(subject, sample)
            played(subject, sample, sample.body[: len(sample.body) // 2])
        said = heard.getvalue()
        private = [subject.key, PROMPT]
        private += [came.response.text] if len(came.response.text) > 3 else []
        heard_of = [line for line in said.splitlines() if any(text in line for text in private)]
        if heard_of:
            raise BrokenPromise(f"it was heard to say {heard_of[0][:200]!r}")


@promise("A plugin does not write on the terminal.", feature=None)
def nothing_is_printed(subject: Subject) -> None:
    """Listen to standard output and standard error of a call."""
    sample = next(streams(subject))
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        played(subject, sample)
    if out.getvalue():
        raise BrokenPromise(f"it printed {out.getvalue()[:200]!r}")
