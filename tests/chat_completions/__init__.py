"""The dialect: what goes out, what comes in, and what goes wrong, in samples written by hand."""
