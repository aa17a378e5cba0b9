"""The same API without an event loop."""
