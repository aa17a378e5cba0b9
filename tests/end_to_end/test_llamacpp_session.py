"""A session with a real server: it goes on past the context of the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater import ContextTooLong, FinishReason, Provenance, Runner
from headwater.session import Session
from headwater.store import Store
from headwater_anthropic import Anthropic

pytestmark = pytest.mark.slow  # a server of another maker is started

CONTEXT = 512


@pytest.mark.parametrize("model", ["llamacpp/tiny", "messages/tiny"])
async def test_a_session_goes_on_past_the_context(
    llamacpp_url: str, model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is sent fits, by the server's own count, turn after turn; the history is whole."""
    monkeypatch.setenv("HEADWATER_LLAMACPP_BASE_URL", llamacpp_url)
    providers = {"messages": Anthropic("none", llamacpp_url.removesuffix("/v1"))}
    async with Runner(providers=providers) as runner, Store(tmp_path / "kept.db") as store:
        session = Session(
            runner, model, "Be brief.", max_context_tokens=CONTEXT, reserve_output_tokens=16,
            store=store,
        )  # fmt: skip
        for number in range(24):
            response = await session.send(f"This is turn {number} of several.", max_output_tokens=8)
            assert response.usage.provenance is Provenance.REPORTED
            assert response.usage.input_tokens is not None
            assert response.usage.input_tokens <= CONTEXT - 16
            assert response.finish_reason in (FinishReason.LENGTH, FinishReason.STOP)
        assert len(session.messages) == 48
        with pytest.raises(ContextTooLong):
            await session.send("so " * CONTEXT)
        again = await Session.resume(runner, store, session.id or "")
        assert again.messages == session.messages
        assert again.usage == session.usage
