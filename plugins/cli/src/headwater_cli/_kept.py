"""The conversations that are kept: which one is meant, and going on with it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Unpack

import attrs

from headwater import ConfigurationError, InvalidRequest, Runner

if TYPE_CHECKING:
    from headwater.session import ContextOptions, Session
    from headwater.store import Store

__all__ = ["Continued", "can_keep", "open_store", "resume_session"]


@attrs.frozen
class Continued:
    """Say which conversation is gone on with, and what is to be different in it.

    Attributes:
        id: Its id, or a beginning of it; None: the one changed last.
        model: The model that answers from now on; None: the one that did.
        system: How the model should behave from now on; None: as before.
    """

    id: str | None = None
    model: str | None = None
    system: str | None = None


def open_store() -> Store | None:
    """Give the store; None: the extra for it is not installed."""
    from headwater.store import Store  # only here, as below: it brings a database

    try:
        return Store()
    except ConfigurationError:
        return None


def can_keep(store: Store) -> bool:
    """Tell whether the store can be written, without opening it."""
    folder = store.path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(store.path if store.path.exists() else folder, os.W_OK)


async def resume_session(
    runner: Runner, store: Store, wish: Continued, **context: Unpack[ContextOptions]
) -> Session:
    """Go on with a conversation.

    Raises:
        InvalidRequest: There is none, or several begin like that.
        StorageError: The store cannot be read.
    """
    from headwater.session import Session

    name = wish.id
    if name is None:
        newest = await store.conversations(limit=1)
        if not newest:
            raise InvalidRequest("no conversation is kept yet that could be gone on with")
        name = newest[0].id
    session = await Session.resume(runner, store, name, **context)
    if wish.model is not None:
        session.switch_model(wish.model)
    if wish.system is not None:
        session.system = wish.system
    return session
