"""Sample payloads: the bytes of an answer, and what a correct provider makes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from .. import errors
from ..errors import ConfigurationError, HeadwaterError
from ..events import FinishReason
from ..parts import JSONObject
from ..usage import Usage

__all__ = ["Expected", "ExpectedCall", "ExpectedError", "Sample", "read_samples"]

SUFFIX: Final = ".sample"
_STREAMS: Final = ("text/event-stream", "application/x-ndjson")


@attrs.frozen
class ExpectedCall:
    """Say which tool call an answer holds.

    Attributes:
        name: The tool.
        arguments: The JSON object; None where the text of the arguments is broken.
        raw: The text as it came; None: any text of those arguments.
        call_id: Its id; None: any, where the wire has none.
    """

    name: str
    arguments: JSONObject | None
    raw: str | None = attrs.field(default=None, kw_only=True)
    call_id: str | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class ExpectedError:
    """Say which error an answer means.

    Attributes:
        kind: Its class.
        is_retryable: Whether another attempt may succeed; None: as the class says.
        retry_after_s: How long the provider asks us to wait.
        says: What the message has to hold: the provider's own words.
    """

    kind: type[HeadwaterError]
    is_retryable: bool | None = attrs.field(default=None, kw_only=True)
    retry_after_s: float | None = attrs.field(default=None, kw_only=True)
    says: str = attrs.field(default="", kw_only=True)


@attrs.frozen(kw_only=True)
class Expected:
    """Say what an answer amounts to; None where that is not known.

    Attributes:
        text: All its text.
        reasoning: All its reasoning.
        refusal: The model's words for not answering.
        tool_calls: Its calls, in order.
        finish_reason: Why the model stopped.
        raw_reason: The provider's own word for it.
        usage: The counts, by the rules of `Usage`; an empty one where the answer counts nothing.
        sealed: Texts of the answer that have to go back to the provider as they came: signatures,
            sealed thoughts.
        error: The error that comes in place of the answer, or ends it.
    """

    text: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ExpectedCall, ...] | None = None
    finish_reason: FinishReason | None = None
    raw_reason: str | None = None
    usage: Usage | None = None
    sealed: tuple[str, ...] = ()
    error: ExpectedError | None = None


@attrs.frozen(kw_only=True)
class Sample:
    """Hold the bytes of one answer, and what they mean.

    Attributes:
        name: A name for reports; a stream and a whole answer of the same name say the same.
        body: The bytes.
        status: HTTP status.
        headers: The headers; the content type says how the bytes are framed.
        is_stream: Whether it is what a request for a stream gets.
        end_mark: Bytes that the body has from its end mark on and not before: cut before them, the
            answer is no answer. None: that is not known.
        expected: What a correct provider makes of it.
    """

    name: str
    body: bytes = attrs.field(repr=False)
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    is_stream: bool = True
    end_mark: bytes | None = None
    expected: Expected = attrs.field(factory=Expected)

    @property
    def media_type(self) -> str:
        """Give the content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_answer(self) -> bool:
        """Tell whether it is an answer, and no error."""
        return self.status < 400 and self.expected.error is None

    @property
    def ends_at(self) -> int | None:
        """Tell where the end mark begins; None where that is not known."""
        if self.end_mark is None:
            return None
        found = self.body.rfind(self.end_mark)
        return None if found < 0 else found

    @classmethod
    def read(cls, path: Path) -> Sample:
        r"""Read a sample from its file: a line of JSON that says what it is, then the bytes.

        Shapes:
            {"headers": {"content-type": "text/event-stream"}, "end_mark": "[DONE]",
             "expected": {"text": "Hi", "finish_reason": "stop",
                          "usage": {"input_tokens": 3, "output_tokens": 1}}}\n
            data: …
            "status": 429, "expected": {"error": {"kind": "RateLimited", "retry_after_s": 7}}
            "expected": {"tool_calls": [{"name": "f", "arguments": {"city": "Oslo"}}]}

        Raises:
            ConfigurationError: It is none.
        """
        head, _, body = path.read_bytes().partition(b"\n")
        try:
            said = json.loads(head)
            return cls._made(path.name.removesuffix(SUFFIX), said, body)
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"{path} is no sample: expected a first line of JSON that describes it, then the "
                f"bytes of the answer ({type(error).__name__}: {error})"
            ) from error

    @classmethod
    def _made(cls, name: str, said: dict[str, Any], body: bytes) -> Sample:
        headers = {key.lower(): value for key, value in said.pop("headers", {}).items()}
        media_type = headers.get("content-type", "")
        is_stream = said.pop("is_stream", media_type.startswith(_STREAMS))
        mark = said.pop("end_mark", None)
        expected = _expected(said.pop("expected", {}))
        return cls(
            name=name.partition(".")[0],
            body=body,
            headers=headers,
            is_stream=is_stream,
            end_mark=None if mark is None else mark.encode(),
            expected=expected,
            **said,
        )


def _expected(said: dict[str, Any]) -> Expected:
    calls, usage, error = (said.pop(key, None) for key in ("tool_calls", "usage", "error"))
    reason = said.pop("finish_reason", None)
    return Expected(
        tool_calls=None if calls is None else tuple(ExpectedCall(**call) for call in calls),
        usage=None if usage is None else Usage(**usage),
        error=None if error is None else ExpectedError(_class(error.pop("kind")), **error),
        finish_reason=None if reason is None else FinishReason(reason),
        sealed=tuple(said.pop("sealed", ())),
        **said,
    )


def _class(name: str) -> type[HeadwaterError]:
    kind = getattr(errors, name, None)
    if not isinstance(kind, type) or not issubclass(kind, HeadwaterError):
        raise ValueError(f"no error of headwater.errors is called {name!r}")
    return kind


def read_samples(folder: str | Path) -> tuple[Sample, ...]:
    """Read all samples of a folder, the files that end in `.sample`; see `Sample.read`.

    `text.sample` and `text.whole.sample` are of one name: a stream and a whole answer that say the
    same.

    Raises:
        ConfigurationError: There is none, or one is malformed.
    """
    found = tuple(Sample.read(path) for path in sorted(Path(folder).glob(f"*{SUFFIX}")))
    if not found:
        raise ConfigurationError(f"no file in {folder} ends in {SUFFIX}")
    return found
