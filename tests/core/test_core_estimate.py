"""Token counts that nobody reports."""

from __future__ import annotations

import pytest

from headwater import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Message,
    ModelId,
    Part,
    Provenance,
    ProviderPart,
    Reasoning,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Video,
    user,
)
from headwater.estimate import count_input, count_text, estimated


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        ("The quick brown fox jumps over the lazy dog.", 9, 12),
        ("internationalization", 3, 6),
        ('{"city": "Oslo", "days": 12345}', 10, 18),
        ("你好世界", 3, 5),
        ("def f(x):\n    return x + 1\n", 9, 14),
        ("😀😀", 2, 4),
    ],
)
def test_an_estimate_is_near_what_a_tokenizer_counts(text: str, low: int, high: int) -> None:
    """Words, signs, digits and ideographs each count about as they are split."""
    assert low <= count_text(text) <= high


PARTS: list[tuple[Part, int]] = [
    (Text("one two"), 2),
    (Reasoning("one two"), 2),
    (ToolCall("1", "search", raw_arguments="{}"), 14),
    (ToolResult("1", ["one", Image.from_bytes(b"x", "image/png")]), 1013),
    (ProviderPart("x", {"a": 1}), 5),
    (Image.from_url("https://h/x.png"), 1000),
    (Audio.from_bytes(b"x" * 5000, "audio/wav"), 5),
    (Video.from_bytes(b"x" * 8000, "video/mp4"), 2),
    (Document.from_bytes(b"x" * 2000, "application/pdf"), 10),
    (Document.from_url("https://h/x.pdf"), 1000),
]


@pytest.mark.parametrize(("part", "tokens"), PARTS, ids=[type(part).__name__ for part, _ in PARTS])
def test_each_part_counts(part: Part, tokens: int) -> None:
    """A message is its parts and a few tokens for itself."""
    message = Message(Role.ASSISTANT, part)
    request = ChatRequest(model=ModelId("p", "m"), messages=(message,))
    assert count_input(request) == pytest.approx(4 + tokens, abs=1)


def test_tools_and_schemas_count() -> None:
    """What is sent beside the messages is read by the model too."""
    bare = ChatRequest(model=ModelId("p", "m"), messages=(user("a"),))
    tool = Tool("search", "Search the web.", {"type": "object"})
    with_tool = ChatRequest(model=bare.model, messages=bare.messages, tools=(tool,))
    schema = ResponseFormat({"type": "object"})
    formatted = ChatRequest(model=bare.model, messages=bare.messages, response_format=schema)
    free = ChatRequest(
        model=bare.model, messages=bare.messages, response_format=ResponseFormat(None)
    )
    assert count_input(with_tool) > count_input(bare) + 12
    assert count_input(formatted) > count_input(bare) == count_input(free)


def test_an_estimate_is_said_to_be_one() -> None:
    """Of the input and of what was written."""
    request = ChatRequest(model=ModelId("p", "m"), messages=(user("a"),))
    usage = estimated(request, ["one ", "two"])
    assert (usage.input_tokens, usage.output_tokens) == (5, 2)
    assert usage.provenance is Provenance.ESTIMATED
