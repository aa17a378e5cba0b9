"""Tests of what is attached: files and addresses as parts of a message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headwater import Audio, Document, Image, InvalidRequest, Text, Video
from headwater_cli._attach import read_attachment

BINARY = b"\x89\xff\x00\x01"


@pytest.mark.parametrize(
    ("name", "kind", "media_type"),
    [
        ("photo.JPG", Image, "image/jpeg"),
        ("photo.webp", Image, "image/webp"),
        ("sound.flac", Audio, "audio/flac"),
        ("film.mp4", Video, "video/mp4"),
        ("paper.pdf", Document, "application/pdf"),
        (
            "letter.docx",
            Document,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_ending_says_what_a_file_is(
    tmp_path: Path, name: str, kind: type, media_type: str
) -> None:
    """A binary file goes as the medium that its ending names."""
    (tmp_path / name).write_bytes(BINARY)
    part = read_attachment(str(tmp_path / name))
    assert part == kind(media_type, BINARY, name=name)


def test_a_pdf_without_binary_data_is_a_document(tmp_path: Path) -> None:
    """A PDF of plain ASCII is still a PDF."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    assert isinstance(read_attachment(str(tmp_path / "a.pdf")), Document)


@pytest.mark.parametrize("name", ["notes.txt", "data.json", "view.ts", "drawing.svg", "Makefile"])
def test_text_goes_as_text_with_its_name(tmp_path: Path, name: str) -> None:
    """Text of any ending, or none, is text, source code that shares an ending with a film too."""
    (tmp_path / name).write_bytes("\ufeffeins, zwö".encode())
    assert read_attachment(str(tmp_path / name)) == Text(f"{name}:\n\neins, zwö")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.org/a/photo.png?size=2#top", Image),
        ("gs://bucket/film.mp4", Video),
        ("https://example.org/paper.pdf", Document),
        ("data:audio/wav;base64,AAAA", Audio),
    ],
    ids=["image", "film", "document", "data"],
)
def test_addresses_go_as_addresses(url: str, kind: type) -> None:
    """An address is passed on, for the provider to fetch."""
    part = read_attachment(url)
    assert isinstance(part, kind)
    assert not isinstance(part, Text)
    assert part.url == (None if url.startswith("data:") else url)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("https://example.org/page", "does not say that it is an image"),
        ("https://example.org/page.html", "download anything else and attach the file"),
        ("data:text/plain;base64,AAAA", "the data: address does not say"),
        ("data:image/png;base64,?", "does not hold valid base64"),
        ("data:image/png,AAAA", "expected a data: URL of the form"),
        ("file:///tmp/photo.png", "give its path"),
        ("nowhere.png", "cannot read nowhere.png: No such file"),
        ("/", "cannot read /: Is a directory"),
        (os.devnull, "is empty"),
        ("/dev/zero", "is larger than the 50 MiB"),
    ],
    ids=lambda value: value[:24],
)
def test_what_cannot_be_attached_says_so(place: str, said: str) -> None:
    """Each attachment that cannot be sent has its own error, and none hangs."""
    with pytest.raises(InvalidRequest, match=said.replace("?", r"\?")):
        read_attachment(place)


def test_a_binary_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    """What is neither text nor of a known ending cannot be sent."""
    (tmp_path / "program.bin").write_bytes(BINARY)
    with pytest.raises(InvalidRequest, match="neither UTF-8 text nor, by its ending, an image"):
        read_attachment(str(tmp_path / "program.bin"))


def test_a_name_of_odd_bytes_can_be_sent(tmp_path: Path) -> None:
    """A file whose name is no UTF-8 is read all the same."""
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    with open(path, "wb") as file:
        file.write(b"hello")
    assert read_attachment(os.fsdecode(path)) == Text("caf?.txt:\n\nhello")
