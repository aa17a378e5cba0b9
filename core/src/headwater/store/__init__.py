"""Conversations that outlive the process: the extra `headwater[store]`.

    async with Store() as store:
        session = Session(runner, "openai/gpt-5-mini", store=store)
        await session.send("Hello")
        for conversation in await store.conversations():
            print(conversation.id, conversation.title)
        session = await Session.resume(runner, store, conversation.id)

The modules, in the order in which data meets them:

    schema           the tables, and how the database is opened
    rows, keeping    how a turn becomes a row, and what of a session is new
    queries, search  what the tables are asked
    kept             what they answer
    conversations    the public entry
"""

from .conversations import Store
from .keeping import Keeping
from .kept import ConversationSummary, KeptConversation
from .search import Found

__all__ = ["ConversationSummary", "Found", "Keeping", "KeptConversation", "Store"]
