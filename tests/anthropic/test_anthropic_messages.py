"""The conversation as the messages of a request, without a network."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from headwater import (
    Audio,
    ChatRequest,
    Document,
    HeadwaterError,
    Image,
    InvalidRequest,
    Message,
    ModelId,
    Part,
    ProviderPart,
    Reasoning,
    Role,
    Text,
    ToolCall,
    UnsupportedFeature,
    Video,
    assistant,
    system,
    tool_result,
    user,
)
from headwater_anthropic._encode import Encoded, encode_request

ORIGIN = "anthropic-messages"
PNG = b"\x89PNG"


def encode(*messages: Message, **more: Any) -> Encoded:
    """Encode a conversation."""
    model = ModelId("anthropic", "claude-sonnet-4-5")
    return encode_request(ChatRequest(model=model, messages=messages, **more), is_stream=False)


def turns(*messages: Message) -> list[tuple[str, list[dict[str, Any]]]]:
    """Give the role and content of each message on the wire."""
    sent: Any = encode(*messages).body["messages"]
    return [(turn["role"], turn["content"]) for turn in sent]


def answered(*parts: Part, origin: str | None = ORIGIN) -> list[dict[str, Any]]:
    """Give the blocks of an answer that is sent back."""
    back = turns(user("Hello"), Message(Role.ASSISTANT, parts, origin=origin), user("Go on."))
    return [block for role, content in back if role == "assistant" for block in content]


def text(words: str) -> dict[str, Any]:
    """Give a block of text."""
    return {"type": "text", "text": words}


def test_the_system_prompt_is_no_message() -> None:
    """System messages, wherever they stand, are blocks of a field of their own."""
    spoken = (system("Be kind."), user("Hello"), assistant("Hi."), system("Be brief."), user("?"))
    assert encode(*spoken).body["system"] == [text("Be kind."), text("Be brief.")]
    assert [role for role, _ in turns(*spoken)] == ["user", "assistant", "user"]


def test_neighbours_of_one_role_are_merged() -> None:
    """Roles alternate on the wire."""
    assert turns(user("a"), user("b"), assistant("c"), assistant("d"), user("e")) == [
        ("user", [text("a"), text("b")]),
        ("assistant", [text("c"), text("d")]),
        ("user", [text("e")]),
    ]


def test_an_answer_without_content_is_left_out() -> None:
    """A refusal may hold nothing at all; what stood round it is one turn."""
    assert turns(user("a"), Message(Role.ASSISTANT, ()), user("b")) == [
        ("user", [text("a"), text("b")])
    ]


def test_text_of_blanks_is_left_out() -> None:
    """The API refuses it."""
    assert turns(user("a", "", " \n"), assistant("b", ""), user("c")) == [
        ("user", [text("a")]),
        ("assistant", [text("b")]),
        ("user", [text("c")]),
    ]


def test_all_results_are_in_one_message() -> None:
    """They stand first in the user's turn, each with its call."""
    calls = (ToolCall("toolu_1", "f", arguments={"a": 1}), ToolCall("toolu_2", "f", arguments={}))
    assert turns(
        user("Go."),
        Message(Role.ASSISTANT, calls),
        tool_result("toolu_1", "one"),
        tool_result("toolu_2", "broken", is_error=True),
        user("And?"),
    )[1:] == [
        (
            "assistant",
            [
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
                {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {}},
            ],
        ),
        (
            "user",
            [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("one")]},
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_2",
                    "content": [text("broken")],
                    "is_error": True,
                },
                text("And?"),
            ],
        ),
    ]


def test_a_result_may_hold_an_image() -> None:
    """Text and image go side by side; a result of nothing has no content."""
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()}
    call = Message(Role.ASSISTANT, (ToolCall("t1", "f"), ToolCall("t2", "f")))
    shown = tool_result("t1", ["Look:", Image("image/png", PNG)])
    _, content = turns(user("Go."), call, shown, tool_result("t2", ""))[2]
    assert content == [
        {
            "type": "tool_result",
            "tool_use_id": "t1",
            "content": [text("Look:"), {"type": "image", "source": source}],
        },
        {"type": "tool_result", "tool_use_id": "t2"},
    ]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        pytest.param(
            Image("image/jpg", PNG),
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/jpeg", "data": "iVBORw=="},
            },
            id="image",
        ),
        pytest.param(
            Image.from_url("https://h/a.png"),
            {"type": "image", "source": {"type": "url", "url": "https://h/a.png"}},
            id="image-by-address",
        ),
        pytest.param(
            Document("application/pdf", b"%PDF", name="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
                "title": "a.pdf",
            },
            id="document",
        ),
        pytest.param(
            Document.from_url("https://h/a.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://h/a.pdf"}},
            id="document-by-address",
        ),
        pytest.param(
            Document("text/markdown; charset=utf-8", "# Ü".encode()),
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "# Ü"},
            },
            id="text-document",
        ),
    ],
)
def test_files_have_their_blocks(part: Part, block: dict[str, Any]) -> None:
    """By bytes or by address, each in the form of the API."""
    assert turns(user(part)) == [("user", [block])]


@pytest.mark.parametrize(
    ("part", "kind", "says"),
    [
        (Audio("audio/wav", b"RIFF"), UnsupportedFeature, "cannot be sent a sound"),
        (Video("video/mp4", b"ftyp"), UnsupportedFeature, "cannot be sent a video"),
        (Image("image/tiff", b"II"), UnsupportedFeature, "image/tiff: give one of image/jpeg"),
        (Document("application/zip", b"PK"), UnsupportedFeature, "give a PDF, or its text"),
        (Document("text/plain", b"\xff"), InvalidRequest, "no UTF-8"),
    ],
    ids=["sound", "video", "image-type", "document-type", "no-text"],
)
def test_a_file_that_is_not_taken_is_refused(
    part: Part, kind: type[HeadwaterError], says: str
) -> None:
    """The refusal names the part, and what would do."""
    with pytest.raises(kind, match=says):
        turns(user(part))


def test_a_file_in_an_answer_is_refused() -> None:
    """The API takes none there."""
    with pytest.raises(UnsupportedFeature, match="an image in an assistant message"):
        answered(Image("image/png", PNG))


def test_sound_in_a_result_is_refused_by_its_place() -> None:
    """Who reads the refusal knows where to look."""
    call = Message(Role.ASSISTANT, ToolCall("t1", "f"))
    with pytest.raises(UnsupportedFeature, match="a sound in a tool result"):
        turns(user("Go."), call, tool_result("t1", Audio("audio/wav", b"RIFF")))


def test_our_own_answer_goes_back_as_it_came() -> None:
    """Signatures, sealed thoughts, citations and blocks of the server stand in their places."""
    sealed = {"type": "redacted_thinking", "data": "QQ=="}
    step: dict[str, Any] = {
        "type": "server_tool_use",
        "id": "s1",
        "name": "web_search",
        "input": {"query": "x"},
    }
    citation = {"type": "char_location", "cited_text": "x"}
    caller = {"type": "direct"}
    assert answered(
        Reasoning("Well", replay={"signature": "c2ln"}),
        Reasoning("", replay=sealed),
        Text("So ", replay={}),
        ProviderPart("server_tool_use", step),
        Text("it is.", replay={"citations": [citation]}),
        ToolCall("t1", "f", arguments={"a": 1}, replay={"caller": caller}),
    ) == [
        {"type": "thinking", "thinking": "Well", "signature": "c2ln"},
        sealed,
        text("So "),
        step,
        {**text("it is."), "citations": [citation]},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}, "caller": caller},
    ]


@pytest.mark.parametrize("origin", ["chat-completions", None])
def test_what_another_wire_sealed_is_dropped_and_named(origin: str | None) -> None:
    """Reasoning and steps of another provider mean nothing here; its text and calls do."""
    parts = (
        Reasoning("Well", replay={"signature": "c2ln"}),
        Reasoning("Then"),
        ProviderPart("web_search_call", {"id": 1}),
        Text("Yes.", replay={"citations": [{}]}),
    )
    encoded = encode(user("Hello"), Message(Role.ASSISTANT, parts, origin=origin), user("Go on."))
    assert answered(*parts, origin=origin) == [text("Yes.")]
    by = origin or "unknown origin"
    assert encoded.dropped == (f"reasoning of {by}", f"web_search_call of {by}")


def test_reasoning_that_was_cut_is_dropped_and_named() -> None:
    """Without its signature the API refuses it."""
    cut = Message(Role.ASSISTANT, (Reasoning("Wel"), Text("Yes.")), origin=ORIGIN)
    encoded = encode(user("Hello"), cut, user("Go on."))
    assert encoded.dropped == (f"reasoning without a signature of {ORIGIN}",)


def test_reasoning_that_nothing_follows_is_dropped_and_named() -> None:
    """The API refuses a turn that ends in it."""
    thought = Reasoning("Well", replay={"signature": "c2ln"})
    last = Message(Role.ASSISTANT, thought, origin=ORIGIN)
    assert answered(thought) == []
    assert encode(user("Hello"), last, user("Go on.")).dropped == (
        f"reasoning that nothing follows of {ORIGIN}",
    )


def test_broken_arguments_go_back_as_what_they_are() -> None:
    """They are wrapped and never become an empty object."""
    call = ToolCall("t1", "f", raw_arguments='{"a": ', is_valid=False)
    _, sent, _ = turns(user("Go."), Message(Role.ASSISTANT, call), tool_result("t1", "?"))
    assert sent[1][0]["input"] == {"INVALID_JSON": '{"a": '}


def test_the_id_of_another_wire_is_made_fit() -> None:
    """Call and result have one id, in the characters that the API takes."""
    call = Message(Role.ASSISTANT, ToolCall("functions.f:0", "f", arguments={}))
    _, (_, asked), (_, given) = turns(user("Go."), call, tool_result("functions.f:0", "1"))
    assert asked[0]["id"] == given[0]["tool_use_id"]
    assert asked[0]["id"].replace("_", "").isalnum()
