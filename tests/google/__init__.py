"""Gemini, by `generateContent`."""
