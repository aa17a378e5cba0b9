"""Ten thousand streams, each with a fault, a consumer of its own mind, or both."""
