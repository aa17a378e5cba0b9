"""Conversations that outlive the process: the extra `headwater[store]`.

    async with Store() as store:
        session = Session(runner, "openai/gpt-5-mini", store=store)
        await session.send("Hello")
        for conversation in await store.conversations():
            print(conversation.id, conversation.title)
        session = await Session.resume(runner, store, conversation.id)

The modules, in the order in which data meets them:

    _schema                         the tables, and how the database is opened
    _rows, _keeping                 how a turn becomes a row, and what of a session is new
    _queries, _search               what the tables are asked
    _kept                           what they answer
    _conversations                  the public entry
"""

from ._conversations import Store
from ._keeping import Keeping
from ._kept import ConversationSummary, KeptConversation
from ._search import Found

__all__ = ["ConversationSummary", "Found", "Keeping", "KeptConversation", "Store"]
