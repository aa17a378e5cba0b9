"""The conformance kit: each provider of ours passes it, and liars do not."""
