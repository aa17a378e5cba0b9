"""Bytes to frames: the transport, server-sent events, newline-delimited JSON, statuses."""
