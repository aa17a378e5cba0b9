"""What is attached with -a: files and addresses as the parts of a message."""

from __future__ import annotations

import mimetypes
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from headwater import Audio, Document, Image, InvalidRequest, Text, Video

__all__ = ["read_attachment"]

Media: TypeAlias = Image | Audio | Video | Document

_KINDS: Final[dict[str, type[Image] | type[Audio] | type[Video]]] = {
    "image": Image,
    "audio": Audio,
    "video": Video,
}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"

# Endings that not every system's table of MIME types has.
_MORE_TYPES: Final = {
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".flac": "audio/flac",
    ".heic": "image/heic",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".webp": "image/webp",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
}
_DOCUMENT_TYPES: Final = frozenset({"application/pdf", "application/msword"})
_UNKNOWN_TYPE: Final = "application/octet-stream"


def read_attachment(place: str) -> Text | Media:
    """Read what is named by a path or an address.

    Text goes as text, led by the file's name; of everything else the ending says what it is.

    Raises:
        InvalidRequest: It cannot be read, or it is of no kind that a model takes.
    """
    is_address = "://" in place or place.startswith("data:")
    return _from_url(place) if is_address else _from_path(place)


def _from_url(url: str) -> Media:
    scheme, _, rest = url.partition(":")
    if scheme == "file":
        raise InvalidRequest(f"{url} is a file of this machine: give its path")
    is_data = scheme == "data"
    media_type = rest.partition(";")[0] if is_data else _type_of(urlsplit(url).path)
    kind = _kind_of(media_type)
    if kind is None:
        what = "data: address" if is_data else f"address {url}"
        raise InvalidRequest(
            f"the {what} does not say that it is an image, sound, video or document: "
            "only such addresses can be sent; download anything else and attach the file"
        )
    return kind.from_url(url, None if is_data else media_type)


def _from_path(path: str) -> Text | Media:
    media_type = _type_of(path)
    kind = _kind_of(media_type)
    file = Document.from_path(path, media_type or _UNKNOWN_TYPE)
    content = file.data or b""
    name = _sendable(Path(path).name)
    text = None if kind is Document else _decoded(content)
    if text is not None:
        return Text(f"{name}:\n\n{text}")
    if kind is None or media_type is None:
        raise InvalidRequest(
            f"cannot attach {path}: it is neither UTF-8 text nor, by its ending, an image, sound, "
            "video or document"
        )
    return kind.from_bytes(content, media_type, name=name)


def _type_of(path: str) -> str | None:
    ending = PurePosixPath(path).suffix.lower()
    return _MORE_TYPES.get(ending) or mimetypes.types_map.get(ending)


def _kind_of(media_type: str | None) -> type[Media] | None:
    if media_type is None:
        return None
    if media_type in _DOCUMENT_TYPES or media_type.startswith(_OFFICE):
        return Document
    return _KINDS.get(media_type.partition("/")[0])


def _decoded(content: bytes) -> str | None:
    """Decode text; None: it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _sendable(name: str) -> str:
    """Replace the bytes of a file's name that are no UTF-8."""
    return name.encode("utf-8", "replace").decode()
