"""The parts of a message: text, media, tool calls and their results, reasoning."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, Self, TypeAlias, cast, get_args

import attrs

from .errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Audio",
    "Cache",
    "Document",
    "Image",
    "JSONObject",
    "JSONValue",
    "Media",
    "Part",
    "ProviderPart",
    "Reasoning",
    "Text",
    "ToolCall",
    "ToolResult",
    "Video",
    "as_cache",
    "as_parts",
]

JSONValue: TypeAlias = (
    "Mapping[str, JSONValue] | Sequence[JSONValue] | str | int | float | bool | None"
)
JSONObject: TypeAlias = Mapping[str, JSONValue]

MAX_FILE_BYTES = 50 * 2**20  # no provider takes a larger request inline


class Cache(StrEnum):
    """How long a provider should keep a prompt's beginning, up to the marked place.

    A hint: a provider that caches by itself, or not at all, passes over it.
    """

    SHORT = "5m"
    LONG = "1h"


def as_cache(value: bool | str | None) -> Cache | None:
    """Convert what a caller gives: True is SHORT, False and None are none."""
    if value is None or value is False:
        return None
    if value is True:
        return Cache.SHORT
    try:
        return Cache(value)
    except ValueError as error:
        raise InvalidRequest(f'expected cache to be True, "5m" or "1h", got {value!r}') from error


def _as_text(value: str) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"expected the text of a part to be a str, got {type(value).__name__}")


@attrs.frozen
class Text:
    """Hold a run of text.

    Attributes:
        text: The text.
        cache: Ask the provider to cache the prompt up to here.
        is_refusal: The model's words for not answering; no part of `ChatResponse.text`.
        replay: What the provider wants back beside this part, as it came. Opaque: it means
            something only to the wire that `Message.origin` names.
    """

    text: str = attrs.field(converter=_as_text)
    cache: Cache | None = attrs.field(default=None, converter=as_cache, kw_only=True)
    is_refusal: bool = attrs.field(default=False, kw_only=True)
    replay: JSONObject | None = attrs.field(default=None, kw_only=True)


def _guessed(name: str) -> str | None:
    import mimetypes  # slow to import, and of use for files alone

    return mimetypes.guess_type(name)[0]


def _show_size(data: bytes | None) -> str:
    return "None" if data is None else f"<{len(data)} bytes>"


@attrs.frozen
class Media:
    """Hold a file, by its bytes or by its address: one of the two.

    Attributes:
        media_type: MIME type, such as "image/png"; None where only an address is known.
        data: The file's bytes.
        url: Where the provider can fetch it.
        name: File name, where one is known.
        cache: Ask the provider to cache the prompt up to here.
    """

    kind: ClassVar[str]
    example: ClassVar[str]

    media_type: str | None
    data: bytes | None = attrs.field(default=None, repr=_show_size)
    url: str | None = attrs.field(default=None, kw_only=True)
    name: str | None = attrs.field(default=None, kw_only=True)
    cache: Cache | None = attrs.field(default=None, converter=as_cache, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if (self.data is None) == (self.url is None):
            raise InvalidRequest(
                f"expected {self.kind} with either data or a url: "
                "use from_path, from_bytes or from_url"
            )
        if self.data is not None and not self.media_type:
            raise InvalidRequest(
                f'expected the media type of {self.kind}, such as "{self.example}"'
            )

    @classmethod
    def from_path(cls, path: str | Path, media_type: str | None = None) -> Self:
        """Read a file now.

        Args:
            path: The file.
            media_type: Its MIME type; None: by the file's ending.

        Raises:
            InvalidRequest: There is no such file, it cannot be read, is empty or over 50 MiB, or
                its ending says nothing about its type.
        """
        from pathlib import Path  # drags in what only addresses need

        file = Path(path)
        try:
            with file.open("rb") as content:
                data = content.read(MAX_FILE_BYTES + 1)  # a device or a pipe tells no size
        except OSError as error:
            raise InvalidRequest(f"cannot read {file}: {error.strerror or error}") from error
        if len(data) > MAX_FILE_BYTES:
            raise InvalidRequest(
                f"{file} is larger than the {MAX_FILE_BYTES // 2**20} MiB that a request can "
                "carry; give its address with from_url"
            )
        if not data:
            raise InvalidRequest(f"{file} is empty")
        guessed = media_type or _guessed(file.name)
        if guessed is None:
            raise InvalidRequest(
                f"cannot tell the media type of {file} by its ending; "
                f'give media_type="{cls.example}"'
            )
        return cls(guessed, data, name=file.name)

    @classmethod
    def from_bytes(cls, data: bytes, media_type: str, *, name: str | None = None) -> Self:
        """Take bytes that are already in memory."""
        return cls(media_type, data, name=name)

    @classmethod
    def from_url(cls, url: str, media_type: str | None = None) -> Self:
        """Name an address that the provider fetches; a `data:` URL is decoded here.

        Raises:
            InvalidRequest: The address has no scheme, or a `data:` URL is malformed.
        """
        if url.startswith("data:"):
            return cls._from_data_url(url, media_type)
        scheme, separator, _ = url.partition("://")
        if not separator or not scheme:
            raise InvalidRequest(
                f"expected the address of {cls.kind} with a scheme, such as https://…; "
                "for a file of this machine use from_path"
            )
        return cls(media_type or _guessed(url.partition("?")[0]), url=url)

    @classmethod
    def _from_data_url(cls, url: str, media_type: str | None) -> Self:
        head, comma, body = url[5:].partition(",")
        stated, _, encoding = head.partition(";")
        if not comma or encoding != "base64":
            raise InvalidRequest("expected a data: URL of the form data:TYPE;base64,DATA")
        try:
            data = base64.b64decode(body, validate=True)
        except ValueError as error:
            raise InvalidRequest("the data: URL does not hold valid base64") from error
        return cls(media_type or stated or None, data)


@attrs.frozen
class Image(Media):
    """Hold a picture.

    Attributes:
        detail: How closely the model should look, for providers that ask ("low", "high", "auto").
    """

    kind = "an image"
    example = "image/png"

    detail: str | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class Document(Media):
    """Hold a document, as a rule a PDF."""

    kind = "a document"
    example = "application/pdf"


@attrs.frozen
class Audio(Media):
    """Hold sound."""

    kind = "a sound"
    example = "audio/wav"


@attrs.frozen
class Video(Media):
    """Hold a film."""

    kind = "a video"
    example = "video/mp4"


@attrs.frozen
class ToolCall:
    """Hold what the model asks the application to run.

    Attributes:
        call_id: What the tool result has to cite; made up where the wire has none.
        name: The tool.
        arguments: The JSON object; None when the model wrote something else.
        raw_arguments: The JSON text as it came.
        is_valid: Whether `arguments` is what the model wrote. False: see `raw_arguments`.
        replay: As in `Text`.
    """

    call_id: str
    name: str
    arguments: JSONObject | None = attrs.field(default=None, kw_only=True)
    raw_arguments: str = attrs.field(default="", kw_only=True)
    is_valid: bool = attrs.field(default=True, kw_only=True)
    replay: JSONObject | None = attrs.field(default=None, kw_only=True)


def _result_parts(value: object) -> tuple[Text | Media, ...]:
    """Convert what stands for a tool's result: text and media alone."""
    parts = as_parts(value)
    for part in parts:
        if not isinstance(part, Text | Media):
            raise InvalidRequest(
                f"expected text or media in a tool result, got {type(part).__name__}; "
                "a result that is no text is sent as JSON text"
            )
    return cast("tuple[Text | Media, ...]", parts)


@attrs.frozen
class ToolResult:
    """Hold the application's answer to a tool call.

    Attributes:
        call_id: The call that this answers.
        content: Text, images and documents, as the provider allows.
        is_error: Whether the tool failed, and `content` says how.
        cache: As in `Text`.
    """

    call_id: str
    content: tuple[Text | Media, ...] = attrs.field(converter=_result_parts)
    is_error: bool = attrs.field(default=False, kw_only=True)
    cache: Cache | None = attrs.field(default=None, converter=as_cache, kw_only=True)

    @property
    def text(self) -> str:
        """Join the text of the content."""
        return "".join(part.text for part in self.content if isinstance(part, Text))


@attrs.frozen
class Reasoning:
    """Hold what the model thought before it answered.

    Attributes:
        text: The thought or its summary; empty where the provider keeps it secret.
        replay: As in `Text`: the signature, or the sealed thought, that proves it genuine.
    """

    text: str
    replay: JSONObject | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class ProviderPart:
    """Hold a block of an answer that only its own provider understands.

    A server-side tool's step, for example: sent back unchanged to the wire it came from, dropped
    for any other.

    Attributes:
        type: The provider's own word for it.
        data: The block as it came.
    """

    type: str
    data: JSONObject


Part: TypeAlias = (
    Text | Image | Document | Audio | Video | ToolCall | ToolResult | Reasoning | ProviderPart
)

PART_TYPES: Final = get_args(Part)


def as_parts(value: object) -> tuple[Part, ...]:
    """Convert what stands for the parts of a message: a text, a part, or several of them."""
    if isinstance(value, str):
        return (Text(value),)
    if isinstance(value, (tuple, list)):  # the checks below are slow
        return tuple([_part(item) for item in value])
    if isinstance(value, PART_TYPES):
        return (cast("Part", value),)
    if not isinstance(value, Iterable) or isinstance(value, (Mapping, bytes)):
        raise InvalidRequest(f"expected text or parts, got {type(value).__name__}")
    return tuple([_part(item) for item in value])


def _part(item: object) -> Part:
    if isinstance(item, str):
        return Text(item)
    if isinstance(item, PART_TYPES):
        return cast("Part", item)
    raise InvalidRequest(
        f"expected text or a part ({', '.join(kind.__name__ for kind in PART_TYPES)}), "
        f"got {type(item).__name__}"
    )
