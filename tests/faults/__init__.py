"""What a server sees when things go wrong."""
