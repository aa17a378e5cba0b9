"""The parts of a message, and what is refused as one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headwater import Audio, Cache, Document, Image, InvalidRequest, Text, ToolResult, Video
from headwater import parts as parts_module
from headwater.parts import as_cache, as_parts

PNG = b"\x89PNG"


def test_a_file_is_read_with_its_type(tmp_path: Path) -> None:
    """A file's type is told by its ending, and its name kept."""
    file = tmp_path / "cat.png"
    file.write_bytes(PNG)
    image = Image.from_path(file)
    assert (image.media_type, image.data, image.name) == ("image/png", PNG, "cat.png")


def test_a_files_type_may_be_said(tmp_path: Path) -> None:
    """What the ending does not tell, the caller may."""
    file = tmp_path / "cat"
    file.write_bytes(PNG)
    assert Image.from_path(str(file), "image/png").media_type == "image/png"


def test_a_file_of_unknown_type_is_refused(tmp_path: Path) -> None:
    """The error says how to give the type."""
    file = tmp_path / "cat"
    file.write_bytes(PNG)
    with pytest.raises(InvalidRequest, match='give media_type="image/png"'):
        Image.from_path(file)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """The error names the file and what the system said."""
    with pytest.raises(InvalidRequest, match=r"cannot read .*cat\.png: No such file"):
        Image.from_path(tmp_path / "cat.png")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder is refused as the system refuses it."""
    with pytest.raises(InvalidRequest, match="Is a directory"):
        Document.from_path(tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """There is nothing to send in it."""
    file = tmp_path / "cat.png"
    file.touch()
    with pytest.raises(InvalidRequest, match="is empty"):
        Image.from_path(file)


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says how much fits, and the way round."""
    monkeypatch.setattr(parts_module, "MAX_FILE_BYTES", 2**20)
    file = tmp_path / "film.mp4"
    with file.open("wb") as content:
        content.truncate(2**20 + 1)
    with pytest.raises(InvalidRequest, match=r"larger than the 1 MiB .* from_url"):
        Video.from_path(file)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="this system has no /dev/zero")
def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that tells no size is not read for ever."""
    monkeypatch.setattr(parts_module, "MAX_FILE_BYTES", 2**20)
    with pytest.raises(InvalidRequest, match="larger than"):
        Audio.from_path("/dev/zero", "audio/wav")


@pytest.mark.parametrize("text", [5, b"a", None], ids=repr)
def test_text_is_a_str(text: object) -> None:
    """What is not would fail later, in some encoder."""
    with pytest.raises(TypeError, match="expected the text of a part to be a str"):
        Text(text)  # type: ignore[arg-type]  # the mistake


def test_bytes_need_a_type() -> None:
    """A provider has to be told what it gets."""
    with pytest.raises(InvalidRequest, match='the media type of a sound, such as "audio/wav"'):
        Audio.from_bytes(b"x", "")


def test_a_part_is_data_or_address() -> None:
    """One of the two, and not both."""
    with pytest.raises(InvalidRequest, match="either data or a url"):
        Image("image/png")
    with pytest.raises(InvalidRequest, match="either data or a url"):
        Image("image/png", b"x", url="https://h/x.png")


def test_an_address_tells_its_type() -> None:
    """By its ending, a query aside."""
    image = Image.from_url("https://h/cat.png?size=5")
    assert (image.media_type, image.url, image.data) == (
        "image/png",
        "https://h/cat.png?size=5",
        None,
    )


@pytest.mark.parametrize("url", ["cat.png", "/home/cat.png", "://x", ""])
def test_an_address_needs_a_scheme(url: str) -> None:
    """A path is pointed to the function for paths."""
    with pytest.raises(InvalidRequest, match="use from_path"):
        Image.from_url(url)


def test_a_data_address_is_decoded() -> None:
    """What is inline already is taken as bytes."""
    image = Image.from_url("data:image/png;base64,iVBORw==")
    assert (image.media_type, image.data, image.url) == ("image/png", PNG, None)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("data:image/png,abc", "data:TYPE;base64,DATA"),
        ("data:image/png;base64", "data:TYPE;base64,DATA"),
        ("data:image/png;base64,a", "valid base64"),
        ("data:image/png;base64,é", "valid base64"),
        ("data:;base64,aGk=", "expected the media type"),
    ],
)
def test_a_malformed_data_address_is_refused(url: str, what: str) -> None:
    """Each way of being malformed is said."""
    with pytest.raises(InvalidRequest, match=what):
        Image.from_url(url)


def test_bytes_do_not_show() -> None:
    """A part shows the size of its bytes, not the bytes."""
    assert "<4 bytes>" in repr(Image.from_bytes(PNG, "image/png"))
    assert "PNG" not in repr(Image.from_bytes(PNG, "image/png"))
    assert "data=None" in repr(Image.from_url("https://h/x.png"))


@pytest.mark.parametrize(
    ("given", "cache"),
    [(True, Cache.SHORT), (False, None), (None, None), ("5m", Cache.SHORT), ("1h", Cache.LONG)],
)
def test_a_cache_is_said_shortly(given: bool | str | None, cache: Cache | None) -> None:
    """True is the short one."""
    assert as_cache(given) is cache


def test_an_unknown_cache_is_refused() -> None:
    """The error says which there are."""
    with pytest.raises(InvalidRequest, match='"5m" or "1h"'):
        Text("a", cache="2h")


def test_a_tool_result_joins_its_text() -> None:
    """Texts and media make a result, a text alone will do."""
    result = ToolResult("c", ["a", Image.from_bytes(PNG, "image/png"), Text("b")])
    assert (result.text, len(result.content)) == ("ab", 3)


def test_a_tool_result_holds_text_and_media_alone() -> None:
    """The error says what to do with anything else."""
    with pytest.raises(InvalidRequest, match="got ToolResult; a result that is no text is sent as"):
        ToolResult("c", [ToolResult("d", "x")])


@pytest.mark.parametrize("value", [5, None, {"type": "text"}, b"bytes"])
def test_what_holds_no_parts_is_refused(value: object) -> None:
    """A dict of another library is not taken for parts."""
    with pytest.raises(InvalidRequest, match="expected text or parts, got"):
        as_parts(value)


def test_what_is_no_part_is_refused() -> None:
    """The error lists what is one."""
    with pytest.raises(InvalidRequest, match=r"Text, Image, Document.*got dict"):
        as_parts(["a", {"type": "text"}])


@pytest.mark.parametrize("several", [["a", Text("b")], ("a", "b"), iter(["a", "b"])], ids=type)
def test_parts_may_be_given_by_any_iterable(several: object) -> None:
    """A text is a part of its own."""
    assert as_parts(several) == (Text("a"), Text("b"))
