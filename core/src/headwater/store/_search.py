"""Finding turns by their words: through the index where it helps, else by reading all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from sqlite3 import Row
from typing import Final

import attrs

from ..errors import InvalidRequest

__all__ = ["Found", "found_of", "search_query", "words_of"]

EXCERPT_CHARS: Final = 80  # on either side of what was found

_WORDS: Final = re.compile(r'"([^"]+)"|(\S+)')
# Written without spaces, so that the index has no words of it.
_IDEOGRAPHS: Final = re.compile("[\u2e80-\U0003ffff]")

_INDEXED: Final = """
SELECT t.conversation_id, c.title, t.position, t.started_at, t.asked_text, t.answer_text
FROM turns_search JOIN turns AS t ON t.id = turns_search.rowid
JOIN conversations AS c ON c.id = t.conversation_id
WHERE turns_search MATCH :words AND t.state = 'kept'
ORDER BY bm25(turns_search), t.started_at DESC LIMIT :limit
"""
_READ: Final = """
SELECT t.conversation_id, c.title, t.position, t.started_at, t.asked_text, t.answer_text
FROM turns AS t JOIN conversations AS c ON c.id = t.conversation_id
WHERE t.state = 'kept' AND {conditions}
ORDER BY t.started_at DESC LIMIT :limit
"""


@attrs.frozen(kw_only=True)
class Found:
    """Hold a turn that a search found.

    Attributes:
        conversation_id: The conversation.
        title: How it began.
        position: The place of the turn in it, from 0.
        started_at: When it was asked.
        asked: What was said.
        answer: What came back.
        excerpt: The place where the first of the words was found, in a line.
    """

    conversation_id: str
    title: str
    position: int
    started_at: datetime
    asked: str
    answer: str
    excerpt: str


def words_of(text: str) -> tuple[str, ...]:
    """Split what is looked for.

    Shapes:
        'river "slow water"' -> ("river", "slow water")

    Raises:
        InvalidRequest: There is nothing in it.
    """
    found = tuple(quoted or word for quoted, word in _WORDS.findall(text))
    words = tuple(word for word in found if re.search(r"\w", word))
    if not words:
        raise InvalidRequest("expected words to search for")
    return words


def search_query(words: Sequence[str], *, has_index: bool) -> tuple[str, Mapping[str, str]]:
    """Give the question, and its values, for turns that have all these words."""
    if has_index and not any(map(_IDEOGRAPHS.search, words)):
        return _INDEXED, {"words": " ".join(f'"{word}"*' for word in map(_bare, words))}
    conditions = [
        f"(t.asked_text || char(10) || t.answer_text) LIKE :word{place} ESCAPE '\\'"
        for place in range(len(words))
    ]
    values = {f"word{place}": f"%{_literal(word)}%" for place, word in enumerate(words)}
    return _READ.format(conditions=" AND ".join(conditions)), values


def found_of(row: Row, words: Sequence[str]) -> Found:
    """Read a row of what was found."""
    return Found(
        conversation_id=row["conversation_id"],
        title=row["title"],
        position=row["position"],
        started_at=datetime.fromisoformat(row["started_at"]),
        asked=row["asked_text"],
        answer=row["answer_text"],
        excerpt=_excerpt(f"{row['asked_text']}\n{row['answer_text']}", words),
    )


def _bare(word: str) -> str:
    return word.replace('"', "")


def _literal(word: str) -> str:
    return re.sub(r"[%_\\]", lambda match: f"\\{match[0]}", word)


def _excerpt(text: str, words: Sequence[str]) -> str:
    """Cut out the surroundings of the first word that is found as it was written."""
    line = " ".join(text.split())
    places = [line.casefold().find(word.casefold()) for word in words]
    at = min((place for place in places if place >= 0), default=0)
    start, end = max(0, at - EXCERPT_CHARS), at + EXCERPT_CHARS
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"
