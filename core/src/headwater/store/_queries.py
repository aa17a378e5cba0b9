"""The questions that the store asks its tables."""

from __future__ import annotations

from typing import Final

__all__ = ["NEWEST", "ONE", "TURNS"]

# Sums pass over what is unknown; a sum that lacks a part says so, as `Usage.__add__` does.
_SUMMARY: Final = """
WITH chosen AS ({chosen})
SELECT
    c.id, c.title, c.model, c.system, c.created_at, c.updated_at,
    COUNT(CASE WHEN t.state = 'kept' THEN 1 END) AS turn_count,
    SUM(t.input_tokens) AS input_tokens,
    SUM(t.output_tokens) AS output_tokens,
    SUM(t.cached_input_tokens) AS cached_input_tokens,
    SUM(t.cache_write_tokens) AS cache_write_tokens,
    SUM(t.reasoning_tokens) AS reasoning_tokens,
    CASE
        WHEN COUNT(CASE WHEN t.usage_provenance = 'estimated' THEN 1 END) > 0 THEN 'estimated'
        WHEN COUNT(CASE WHEN t.usage_provenance = 'partial' THEN 1 END) > 0
            OR MIN(COUNT(t.input_tokens), COUNT(t.output_tokens)) < COUNT(t.model)
        THEN 'partial'
        ELSE 'reported'
    END AS provenance,
    CASE
        WHEN COUNT(t.model) > 0 AND COUNT(t.cost_usd) = COUNT(t.model) THEN SUM(t.cost_usd)
    END AS cost_usd
FROM chosen AS c LEFT JOIN turns AS t ON t.conversation_id = c.id
GROUP BY c.id
ORDER BY c.updated_at DESC
"""
NEWEST: Final = _SUMMARY.format(
    chosen="SELECT * FROM conversations ORDER BY updated_at DESC LIMIT ?"
)
ONE: Final = _SUMMARY.format(chosen="SELECT * FROM conversations WHERE id = ?")
TURNS: Final = "SELECT id, state, turn FROM turns WHERE conversation_id = ? ORDER BY position, id"
