"""The kit as a plugin's author meets it: classes, reports, and what a failure says."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import attrs
import pytest

from headwater import (
    ChatRequest,
    ChatResponse,
    Finished,
    FinishReason,
    HeadwaterError,
    Message,
    ModelId,
    TextDelta,
    hookimpl,
)
from headwater.events import Event
from headwater.testing.conformance import (
    BrokenPromise,
    Check,
    Feature,
    Outcome,
    ProviderConformance,
    Sample,
    Skipped,
    Subject,
    checks,
    verify,
)
from headwater.testing.dialects import CHAT_COMPLETIONS
from headwater.testing.fake import FakeProvider
from headwater.wire.status import ErrorBody, status_error
from headwater.wire.transport import HTTPRequest, Transport

pytestmark = pytest.mark.slow


class Plain:
    """Read lines of text, until one that is a full stop."""

    @hookimpl
    async def stream_chat(
        self, request: ChatRequest, transport: Transport
    ) -> AsyncGenerator[Event, None]:
        """Stream the lines."""
        sent = HTTPRequest.post_json("https://plain.test/", {"last": request.messages[-1].text})

        def refused(status: int, headers: object, body: bytes) -> HeadwaterError:
            return status_error(status, {}, ErrorBody.read(body))

        async with transport.send(sent, errors=refused) as response:
            async for line in response.ndjson():
                if line == b".":
                    yield Finished(FinishReason.STOP)
                    return
                yield TextDelta(line.decode())


SAMPLE = Sample(name="text", body=b"one\ntwo\n.\n", headers={"content-type": "text/plain"})
SUBJECT = Subject(make=Plain, model=ModelId("plain", "any"), samples=(SAMPLE,))


def check(name: str) -> Check:
    """Find a check by its name."""
    (found,) = [check for check in checks() if check.name == name]
    return found


def outcome(subject: Subject, name: str) -> tuple[Outcome, str]:
    """Run a check, and give what became of it."""
    result = check(name).result(subject)
    return result.outcome, result.seen


def test_the_class_has_a_test_for_each_check() -> None:
    """What the class checks, the list has, with the promise for a docstring."""
    tests = {name: value for name, value in vars(ProviderConformance).items() if "test_" in name}
    assert sorted(tests) == sorted(f"test_{check.name}" for check in checks())
    assert {value.__doc__ for value in tests.values()} == {check.promise for check in checks()}


def test_checks_are_told_apart_by_what_they_open() -> None:
    """Those that open no socket, and the others, are all."""
    offline, online = checks(is_offline=True), checks(is_offline=False)
    assert {*offline, *online} == set(checks())
    assert [check.name for check in online] == ["the_server_sees_a_call_left"]


def test_a_report_has_a_row_for_each_check() -> None:
    """A report goes on after a failure, and says of each check what became of it."""
    rows = list(verify(SUBJECT))
    assert [row.name for row in rows] == [check.name for check in checks(is_offline=True)]
    assert {row.outcome for row in rows} == set(Outcome)
    assert [row.name for row in verify(SUBJECT, ["is_live"])] == ["is_live"]


def test_a_failure_says_what_was_promised_and_seen() -> None:
    """A broken promise names the promise, what was seen, the sample and its bytes."""
    body = b"x" * 400 + b"\n.\n" + b"y" * 400
    wrong = attrs.evolve(SAMPLE, body=body, expected=attrs.evolve(SAMPLE.expected, text="one"))
    subject = attrs.evolve(SUBJECT, samples=(wrong,))
    with pytest.raises(BrokenPromise) as caught:
        check("answers_are_read")(attrs.evolve(subject, unsupported=frozenset({Feature.WHOLE})))
    lines = str(caught.value).strip().splitlines()
    assert lines[0].startswith("promised: An answer becomes what it says")
    assert lines[1].startswith("seen:     expected text 'one', got 'xxx")
    assert lines[2] == "sample:   text"
    assert "… 203 bytes …" in lines[3]


def test_what_fails_otherwise_is_a_row_too() -> None:
    """A check that cannot even be run has failed, with the reason."""

    def broken() -> object:
        raise RuntimeError("no provider today")

    subject = attrs.evolve(SUBJECT, make=broken)
    assert outcome(subject, "answers_are_read") == (
        Outcome.FAILED,
        "it failed with RuntimeError: no provider today",
    )


@pytest.mark.parametrize(
    ("feature", "why"),
    [
        (Feature.TOOLS, "the provider declares Feature.TOOLS unsupported"),
        (Feature.WIRE, "the provider declares Feature.WIRE unsupported"),
    ],
)
def test_what_a_provider_lacks_is_a_statement(feature: Feature, why: str) -> None:
    """A check of what is declared unsupported is skipped, and says so."""
    subject = attrs.evolve(SUBJECT, unsupported=frozenset({feature}))
    assert outcome(subject, "tool_results_are_sent") == (Outcome.SKIPPED, why)
    with pytest.raises(Skipped, match=why):
        check("tool_results_are_sent")(subject)


@pytest.mark.parametrize(
    ("name", "feature"),
    [
        ("tool_results_are_sent", "TOOLS"),
        ("reasoning_is_no_text", "REASONING"),
        ("sealed_reasoning_goes_back", "SEALED_REASONING"),
        ("usage_is_counted", "USAGE"),
        ("errors_in_the_stream_raise", "ERROR_FRAMES"),
    ],
)
def test_what_nothing_shows_is_no_success(name: str, feature: str) -> None:
    """A feature that is not declared unsupported needs a sample that shows it."""
    became, seen = outcome(SUBJECT, name)
    assert became is Outcome.FAILED
    assert f"Feature.{feature} unsupported" in seen


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("any_stream_is_read", "no dialect was given"),
        ("call_ids_are_unique", "no sample has a tool call"),
        ("calls_are_kept_apart", "no sample has several tool calls"),
        ("broken_arguments_stay_broken", "no sample has broken arguments"),
        ("chat_is_the_folded_stream", "no stream and whole answer of the same name"),
        ("damage_raises", "no sample that names its end mark was given"),
        ("refusals_are_told_apart", "no sample of a refusal was given"),
        ("unknown_counts_stay_unknown", "no sample without a count was given"),
    ],
)
def test_what_cannot_be_checked_is_said(name: str, why: str) -> None:
    """Where no sample tells, the check says which one is missing."""
    became, seen = outcome(SUBJECT, name)
    assert became is Outcome.SKIPPED
    assert why in seen


def test_no_samples_at_all_are_a_mistake() -> None:
    """A provider that sends requests has to show what it reads."""
    became, seen = outcome(attrs.evolve(SUBJECT, samples=()), "answers_are_read")
    assert became is Outcome.FAILED
    assert "give `samples`, or a `dialect`" in seen


class AtOnce:
    """Answer in one piece alone."""

    @hookimpl
    async def chat(self) -> ChatResponse:
        """Answer."""
        return ChatResponse(Message("assistant", "Yes."), finish_reason=FinishReason.STOP)


def test_a_provider_may_answer_in_one_piece_alone() -> None:
    """What is said of a generator is not asked of a provider that has none."""
    subject = attrs.evolve(SUBJECT, make=AtOnce)
    became, seen = outcome(subject, "events_keep_the_grammar")
    assert (became, seen) == (Outcome.SKIPPED, "the provider has no stream_chat of its own")


@pytest.mark.parametrize(
    "provider",
    [FakeProvider("Hello"), FakeProvider, staticmethod(FakeProvider), lambda: FakeProvider()],
    ids=["an object", "a class", "a static method", "a function"],
)
def test_a_provider_is_given_in_any_form(provider: object) -> None:
    """An object stays as it is, and what makes one is called."""
    given = type("Given", (ProviderConformance,), {"provider": provider, "model": "fake/any"})
    assert isinstance(given().make_provider(), FakeProvider)


def test_samples_are_given_by_folder_or_by_value(tmp_path: Path) -> None:
    """Samples of a folder, samples, and those of a dialect come together."""
    (tmp_path / "text.sample").write_bytes(b"{}\nbytes")

    class Given(ProviderConformance):
        model = "fake/any"
        samples = tmp_path
        dialect = CHAT_COMPLETIONS

    subject = Given().subject()
    assert subject.samples[0].name == "text"
    assert len(subject.samples) == 1 + len(CHAT_COMPLETIONS.samples())


_DOES = "import socket; socket.getaddrinfo('127.0.0.1', 80)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("does", "seen"),
    [
        (_DOES, "socket.getaddrinfo"),
        ("import aiohttp", "aiohttp"),
        ("raise OSError('no disk')", "no disk"),
        ("", ""),
    ],
    ids=["network", "aiohttp", "fails", "nothing"],
)
def test_what_an_import_does_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, seen: str
) -> None:
    """A module that works as it is imported is caught."""
    name = f"brook_plugin_{abs(hash(does))}"
    (tmp_path / f"{name}.py").write_text(
        f"import os\nif os.environ.get('BAD'):\n    {does or 'pass'}\nclass P: ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    make: Callable[[], object] = __import__(name).P
    monkeypatch.setenv("BAD", "1")
    became, why = outcome(attrs.evolve(SUBJECT, make=make), "importing_it_does_nothing")
    assert became is (Outcome.FAILED if seen else Outcome.PASSED)
    assert seen in why


def test_the_kit_needs_no_pytest() -> None:
    """A command may verify a plugin where pytest is not installed."""
    program = "import headwater.testing.conformance, sys; print('pytest' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "name",
    [
        "damage_raises",
        "disorder_crashes_nothing",
        "keep_alives_change_nothing",
        "slicing_does_not_matter",
        "spelling_does_not_matter",
        "unknown_fields_change_nothing",
        "unknown_frames_change_nothing",
    ],
)
def test_of_a_framing_of_its_own_the_bytes_are_checked(name: str) -> None:
    """Where frames cannot be told apart, what needs them has nothing to say."""
    sample = attrs.evolve(SAMPLE, end_mark=b"\n.")
    assert outcome(attrs.evolve(SUBJECT, samples=(sample,)), name) == (Outcome.PASSED, "")


def test_a_failure_may_have_no_bytes() -> None:
    """What is no matter of bytes shows none."""
    assert str(BrokenPromise("it printed")) == "\npromised: \nseen:     it printed"


class Hanging:
    """Wait for what never comes."""

    @hookimpl
    async def stream_chat(self) -> AsyncGenerator[Event, None]:
        """Hang."""
        await asyncio.Event().wait()
        yield Finished(FinishReason.STOP)


async def test_checks_are_called_outside_of_a_loop() -> None:
    """A check that is called within an event loop says why it cannot run."""
    became, seen = outcome(SUBJECT, "answers_are_read")
    assert became is Outcome.FAILED
    assert "the checks run event loops of their own" in seen


def test_what_is_not_installed_is_named() -> None:
    """Without hypothesis the kit says what to install."""
    program = "import sys; sys.modules['hypothesis'] = None; import headwater.testing.conformance"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert 'pip install "headwater[testing]"' in done.stderr


def test_a_provider_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while a check gives up, and says so."""
    monkeypatch.setattr("headwater.testing.conformance._running.PATIENCE_S", 0.01)
    became, seen = outcome(attrs.evolve(SUBJECT, make=Hanging), "answers_are_read")
    assert became is Outcome.FAILED
    assert seen.startswith("the provider hangs")


def test_the_reference_lists_the_checks() -> None:
    """The page of the kit has each check with its promise, and each feature."""
    page = (Path(__file__).parents[2] / "docs/reference/conformance.md").read_text("utf-8")
    missing = [c.name for c in checks() if f"| `{c.name}` | {c.promise} |" not in page]
    assert missing == []
    assert [feature.name for feature in Feature if f"`{feature.name}`" not in page] == []
