"""The tests of everything; `patience` is how they keep time."""
