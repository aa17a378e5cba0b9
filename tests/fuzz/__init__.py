"""Coverage-guided fuzzing of the parsers: `make fuzz`, and what it found, replayed by the tests."""
