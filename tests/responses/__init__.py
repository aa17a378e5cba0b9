"""The Responses dialect, in samples written by hand and as properties."""
