"""Tests of a conversation as input items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater import (
    Audio,
    Document,
    Image,
    InvalidRequest,
    JSONObject,
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
from headwater_responses import Quirks
from headwater_responses._input import Conversation

MODEL = ModelId("openai", "m1")
OURS = "responses"
SEALED = {"type": "reasoning", "id": "rs1", "summary": [], "encrypted_content": "gA/=+é"}
STEP: JSONObject = {"type": "web_search_call", "id": "ws1", "action": {"query": "q"}}
SOUND = Quirks(audio_families=("m",))
PICTURE = Image.from_bytes(b"\x01", "image/png")


def _encoded(
    *messages: Message, quirks: Quirks | None = None, keeps: bool = False
) -> tuple[list[Any], list[str]]:
    conversation = Conversation(MODEL, quirks or Quirks(), keeps)
    return [*conversation.encode(messages)], conversation.dropped


def _answer(*parts: Part, origin: str | None = OURS) -> Message:
    return Message(Role.ASSISTANT, parts, origin=origin)


def _content(*parts: Any, quirks: Quirks | None = None) -> Any:
    (item,), _ = _encoded(user(*parts), quirks=quirks)
    return item["content"]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_system_messages_stay_in_their_place(role: str) -> None:
    """A system message is an item wherever it stands, with the server's word for the role."""
    items, _ = _encoded(system("a"), user("b"), system("c"), quirks=Quirks(system_role=role))
    assert [(item["role"], item["content"]) for item in items] == [
        (role, "a"),
        ("user", "b"),
        (role, "c"),
    ]


@pytest.mark.parametrize(
    ("part", "piece"),
    [
        (PICTURE, {"type": "input_image", "image_url": "data:image/png;base64,AQ=="}),
        (
            Image("image/png", url="https://h/a.png", detail="low"),
            {"type": "input_image", "image_url": "https://h/a.png", "detail": "low"},
        ),
        (
            Document.from_bytes(b"\x01", "application/pdf", name="a.pdf"),
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,AQ==",
            },
        ),
        (
            Document.from_bytes(b"\x01", "application/pdf"),
            {
                "type": "input_file",
                "filename": "document.pdf",
                "file_data": "data:application/pdf;base64,AQ==",
            },
        ),
        (
            Document.from_url("https://h/a.pdf"),
            {"type": "input_file", "file_url": "https://h/a.pdf"},
        ),
        (
            Audio.from_bytes(b"\x01", "audio/mpeg"),
            {"type": "input_audio", "input_audio": {"data": "AQ==", "format": "mp3"}},
        ),
    ],
    ids=["image", "image-url", "pdf", "nameless-pdf", "pdf-url", "mp3"],
)
def test_files_have_their_own_parts(part: Part, piece: dict[str, object]) -> None:
    """Images, documents and sounds go as the wire has them, in their place."""
    sent = _content("See", part, quirks=SOUND)
    assert sent == [{"type": "input_text", "text": "See"}, piece]


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: _content(Video.from_url("https://h/a.mp4")), "a video"),
        (lambda: _content(Audio.from_bytes(b"a", "audio/wav")), "a sound: only a model for sound"),
        (
            lambda: _content(
                Audio.from_url("https://h/a.wav"), quirks=Quirks(audio_families=("m",))
            ),
            "a sound by its address",
        ),
        (
            lambda: _content(Audio.from_bytes(b"a", "audio/ogg"), quirks=SOUND),
            "a sound of type audio/ogg",
        ),
        (lambda: _encoded(_answer(PICTURE)), "an image in an assistant message"),
    ],
    ids=["video", "sound", "sound-url", "ogg", "assistant-image"],
)
def test_what_cannot_go_is_refused_by_name(make: Callable[[], object], what: str) -> None:
    """What the API cannot take is told before anything is sent, with the model's name."""
    with pytest.raises(UnsupportedFeature, match=what) as caught:
        make()
    assert "openai/m1" in caught.value.message


def test_an_answer_goes_back_unchanged() -> None:
    """Sealed reasoning, server-side steps, text and calls go back in order, as they came."""
    second = {**SEALED, "id": "rs2"}
    call = ToolCall("c1", "f", arguments={}, raw_arguments="{ }", replay={"id": "fc1", "x": 1})
    items, dropped = _encoded(
        _answer(
            Reasoning("Hm.", replay=SEALED),
            ProviderPart("web_search_call", STEP),
            Reasoning("", replay=second),
            Text("Hello", replay={"id": "msg1", "phase": "commentary"}),
            Text("there", replay={"id": "msg2", "phase": "final_answer"}),
            call,
        ),
        tool_result("c1", "done"),
    )
    said = {"type": "message", "role": "assistant"}
    assert items == [
        SEALED,
        STEP,
        second,
        {
            **said,
            "content": [{"type": "output_text", "text": "Hello"}],
            "id": "msg1",
            "phase": "commentary",
        },
        {
            **said,
            "content": [{"type": "output_text", "text": "there"}],
            "id": "msg2",
            "phase": "final_answer",
        },
        {
            "type": "function_call",
            "id": "fc1",
            "x": 1,
            "call_id": "c1",
            "name": "f",
            "arguments": "{ }",
        },
        {"type": "function_call_output", "call_id": "c1", "output": "done"},
    ]
    assert dropped == []


def test_what_another_wire_wrote_is_dropped_by_name() -> None:
    """Reasoning and steps of another provider are left out and named; its text and calls stay."""
    call = ToolCall("c1", "f", arguments={"a": 1}, replay={"signature": "s"})
    items, dropped = _encoded(
        _answer(
            Reasoning("Hm.", replay={"signature": "s"}),
            ProviderPart("server_tool_use", {"type": "server_tool_use"}),
            Text("Hello", replay={"s": 1}),
            call,
            origin="anthropic-messages",
        )
    )
    assert items == [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello"}],
        },
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
    ]
    assert dropped == ["reasoning of anthropic-messages", "server_tool_use of anthropic-messages"]


def test_what_one_service_sealed_goes_to_no_other() -> None:
    """Two services of the dialect are two origins."""
    items, dropped = _encoded(
        _answer(Reasoning("", replay=SEALED), Text("a")), quirks=Quirks(origin="xai-responses")
    )
    assert [item["type"] for item in items] == ["message"]
    assert dropped == ["reasoning of responses"]


def test_reasoning_that_nothing_follows_is_left_out() -> None:
    """Reasoning whose message or call is missing would be refused, so it is not sent."""
    items, dropped = _encoded(_answer(Text("a"), Reasoning("Hm.", replay=SEALED)), user("b"))
    assert [item.get("type") for item in items] == ["message", None]
    assert dropped == ["reasoning that nothing follows"]


@pytest.mark.parametrize(
    ("item", "keeps", "is_sent"),
    [
        ({"type": "reasoning", "id": "rs1", "summary": []}, False, False),
        ({"type": "reasoning", "id": "rs1", "summary": []}, True, True),
        ({"type": "reasoning", "content": [{"type": "reasoning_text"}]}, False, True),
    ],
    ids=["neither", "stored", "open"],
)
def test_reasoning_goes_back_where_it_can_be_read(
    item: dict[str, Any], keeps: bool, is_sent: bool
) -> None:
    """The server needs reasoning sealed or open, or has stored it under its id."""
    items, dropped = _encoded(_answer(Reasoning("", replay=item), Text("a")), keeps=keeps)
    assert (item in items) == is_sent
    assert bool(dropped) != is_sent


def test_reasoning_that_was_completed_late_stands_where_it_was_thought() -> None:
    """An item that came after the message that it led to goes before it."""
    items, dropped = _encoded(
        _answer(Reasoning("Hm."), Text("a"), Reasoning("", replay=SEALED)),
    )
    assert [item["type"] for item in items] == ["reasoning", "message"]
    assert dropped == []


def test_a_refusal_goes_back_as_one() -> None:
    """Words for not answering are no text in the history either."""
    (item,), _ = _encoded(_answer(Text("No.", is_refusal=True)))
    assert item["content"] == [{"type": "refusal", "refusal": "No."}]


def test_texts_of_a_turn_written_by_hand_are_one_message() -> None:
    """Several texts that no server wrote are the content of one item; no text is none."""
    (item,), _ = _encoded(assistant("a", "b"))
    assert [part["text"] for part in item["content"]] == ["a", "b"]
    assert _encoded(assistant(), assistant("")) == ([], [])


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ("done", "done"),
        (["a", "b"], "ab"),
        (
            ["See", PICTURE],
            [
                {"type": "input_text", "text": "See"},
                {"type": "input_image", "image_url": "data:image/png;base64,AQ=="},
            ],
        ),
    ],
    ids=["text", "texts", "image"],
)
def test_a_tool_result_may_hold_files(content: Any, output: object) -> None:
    """Text goes as a string, which every server takes; with files the result is parts."""
    items, _ = _encoded(tool_result("c1", content))
    assert items == [{"type": "function_call_output", "call_id": "c1", "output": output}]


def test_arguments_that_are_no_json_are_told() -> None:
    """A call made by hand of what JSON has no word for is refused with what to do."""
    call = ToolCall("c1", "f", arguments={"a": object()})  # type: ignore[dict-item]  # on purpose
    with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
        _encoded(_answer(call))
